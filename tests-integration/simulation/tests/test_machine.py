"""Rung 2 of the ladder: one machine, whatever it does in whatever order, on the simulated and the real PostgreSQL."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, Protocol
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from pydantic import SecretStr

from command_service import ledger as ledger_module
from command_service.batch import Decided
from command_service.database import pool
from command_service.ledger import Ledger
from command_service.migrating import migrate
from shared_contracts.catalog import AnyCommand
from shared_contracts.envelope import CommandEnvelope
from shared_contracts.hotels import CloseBusinessDate, OpenHotel, RoomType
from shared_contracts.inventory import SetOverbookingAllowance
from shared_contracts.rejections import RejectionCode
from shared_contracts.reservations import (
    AssignRoom,
    BookRoom,
    CancelReservation,
    CheckInGuest,
    CheckOutGuest,
    MarkNoShow,
)
from shared_contracts.values import Money, Party, StayPeriod
from simulation.pool import SimulatedPool
from simulation.process import Process
from simulation.world import World

FIRST = date(2026, 12, 30)
ROOMS = ("1", "2")
GUEST = UUID(int=99)
ABOUT = [CancelReservation, CheckInGuest, CheckOutGuest, MarkNoShow]
COUNTS = "SELECT night, sold, allowance FROM inventory WHERE hotel_id = $1"
EVENTS = "SELECT position, command_id FROM event WHERE hotel_id = $1 ORDER BY position"
OUTCOMES = "SELECT command_id, status, position, code FROM outcome WHERE hotel_id = $1"
REGISTER = "INSERT INTO hotel (hotel_id) VALUES ($1)"
patient = [
    HealthCheck.too_slow,
    HealthCheck.filter_too_much,
    HealthCheck.data_too_large,
    HealthCheck.function_scoped_fixture,
]
few = settings(max_examples=25, stateful_step_count=25, suppress_health_check=patient)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


class Store(Protocol):
    """A PostgreSQL, simulated or real."""

    ledger: Ledger

    def run(self, work: Coroutine[Any, Any, Any]) -> Any: ...
    async def register(self, hotel: str) -> None: ...
    async def rows(self, sql: str, hotel: str) -> list[Any]: ...


@dataclass
class Simulated:
    world: World = field(default_factory=lambda: World(0))

    def __post_init__(self) -> None:
        self.process = Process("machine", "worker")
        owned: Any = SimulatedPool(self.world.postgres, self.process, 1)
        self.ledger = Ledger(owned)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.world.loop.run_for(work)

    async def register(self, hotel: str) -> None:
        row = {"hotel_id": hotel, "position": 0, "business_date": None, "definition": None}
        self.world.postgres.tables["hotel"][hotel] = row

    async def rows(self, sql: str, hotel: str) -> list[Any]:
        table = sql.partition(" FROM ")[2].partition(" ")[0]
        keyed = self.world.postgres.tables[table].items()
        rows = [row | ({"command_id": key} if table == "outcome" else {}) for key, row in keyed if _of(hotel, row, key)]
        return sorted(rows, key=lambda row: int(row["position"])) if table == "event" else rows


def _of(hotel: str, row: dict[str, Any], key: Any) -> bool:
    return bool(row.get("hotel_id", key) == hotel)


@dataclass
class Real:
    runner: asyncio.Runner
    database: Any

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.database)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    async def register(self, hotel: str) -> None:
        await self.database.execute(REGISTER, hotel)

    async def rows(self, sql: str, hotel: str) -> list[Any]:
        return list(await self.database.fetch(sql, hotel))


class Hotel(RuleBasedStateMachine):
    """Knows of its hotel how many rooms are sold for each night, and what became of each command."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store
        self.hotel = f"machine-{uuid4().hex[:12]}"
        self.sent: list[CommandEnvelope] = []
        self.booked: list[UUID] = []
        self.events: Counter[UUID] = Counter()
        self.told: dict[UUID, tuple[str, int, str | None]] = {}
        self.sold: Counter[date] = Counter()
        self.allowance: dict[date, int] = {}

    @initialize()
    def open(self) -> None:
        self.store.run(self.store.register(self.hotel))
        room_type = RoomType(code="DBL", name="Double", max_occupancy=2, rooms=ROOMS)
        self.send(
            OpenHotel(
                name="Sea", time_zone="Europe/Lisbon", currency="EUR", business_date=FIRST, room_types=(room_type,)
            )
        )

    @rule(first=st.integers(0, 3), nights=st.integers(1, 3), twice=st.booleans())
    def book(self, first: int, nights: int, twice: bool) -> None:
        stay = StayPeriod(day(first), day(first + nights))
        commands = [self.command(self.booking(stay)) for _ in range(1 + twice)]
        self.booked += [command.id for command in commands]
        self.decide(commands)

    @rule(kind=st.sampled_from(ABOUT), which=st.integers(0, 9))
    def ask(self, kind: Any, which: int) -> None:
        if self.booked:
            self.send(kind(reservation_id=self.booked[which % len(self.booked)]))

    @rule(which=st.integers(0, 9), room=st.sampled_from([*ROOMS, "9"]))
    def assign(self, which: int, room: str) -> None:
        if self.booked:
            self.send(AssignRoom(reservation_id=self.booked[which % len(self.booked)], room=room))

    @rule(number=st.integers(0, 3))
    def close(self, number: int) -> None:
        self.send(CloseBusinessDate(business_date=day(number)))

    @rule(first=st.integers(0, 3), value=st.integers(-2, 2))
    def allow(self, first: int, value: int) -> None:
        self.send(SetOverbookingAllowance(room_type="DBL", from_date=day(first), to_date=day(first + 2), value=value))

    @rule(which=st.integers(0, 99))
    def redeliver(self, which: int) -> None:
        again = self.sent[which % len(self.sent)]
        decided = self.store.run(self.store.ledger.decide([again, again]))
        assert decided.outcomes == []
        assert decided.events == []

    @rule(first=st.integers(0, 3))
    def crash_before_commit(self, first: int) -> None:
        command = self.command(self.booking(StayPeriod(day(first), day(first + 1))))
        self.booked.append(command.id)
        with pytest.MonkeyPatch.context() as patching:
            patching.setattr(ledger_module, "crash_here", _fall_at_commit)
            with pytest.raises(FallError):
                self.store.run(self.store.ledger.decide([command]))
        self.decide([command])

    @invariant()
    def every_command_has_the_outcome_that_was_told(self) -> None:
        rows = self.store.run(self.store.rows(OUTCOMES, self.hotel))
        assert {row["command_id"]: (row["status"], row["position"], row["code"]) for row in rows} == self.told

    @invariant()
    def positions_have_no_gap_and_each_event_its_command(self) -> None:
        rows = self.store.run(self.store.rows(EVENTS, self.hotel))
        assert [row["position"] for row in rows] == list(range(1, len(rows) + 1))
        assert Counter(row["command_id"] for row in rows) == self.events

    @invariant()
    def no_night_is_sold_beyond_its_limit_and_all_are_counted(self) -> None:
        rows = self.store.run(self.store.rows(COUNTS, self.hotel))
        for row in rows:
            assert 0 <= row["sold"] <= len(ROOMS) + row["allowance"]
        assert {row["night"]: row["sold"] for row in rows if row["sold"]} == {n: s for n, s in self.sold.items() if s}

    def booking(self, stay: StayPeriod) -> BookRoom:
        return BookRoom(room_type="DBL", stay=stay, party=Party(1), nightly_price=Money(1, "EUR"), guest_id=GUEST)

    def command(self, body: AnyCommand) -> CommandEnvelope:
        at, key = datetime(2026, 12, 1, tzinfo=UTC), uuid4()
        return CommandEnvelope(id=key, hotel_id=self.hotel, at=at, principal="desk", correlation_id=key, body=body)

    def send(self, body: AnyCommand) -> None:
        self.decide([self.command(body)])

    def decide(self, commands: Sequence[CommandEnvelope]) -> None:
        self.sent += commands
        decided: Decided = self.store.run(self.store.ledger.decide(commands))
        assert [outcome.command_id for outcome in decided.outcomes] == [command.id for command in commands]
        for command, outcome in zip(commands, decided.outcomes, strict=True):
            mine = [event for event in decided.events if event.causation_id == command.id]
            self.check_availability(command, outcome.code)
            for event in mine:
                self.count(event.body)
            self.told[command.id] = ("rejected" if outcome.code else "succeeded", outcome.position, outcome.code)
            self.events[command.id] += len(mine)
        self.events += Counter()

    def check_availability(self, command: CommandEnvelope, code: RejectionCode | None) -> None:
        if isinstance(command.body, BookRoom) and code in {None, RejectionCode.NO_AVAILABILITY}:
            nights = command.body.stay.nights
            free = all(self.sold[night] < len(ROOMS) + self.allowance.get(night, 0) for night in nights)
            assert free is (code is None)

    def count(self, event: Any) -> None:
        match type(event).__name__:
            case "RoomBooked":
                self.sold.update(event.stay.nights)
            case "ReservationCancelled":
                self.sold.subtract(event.stay.nights)
            case "MarkedNoShow":
                self.sold.subtract(night for night in event.stay.nights if night >= event.released_from)
            case "GuestCheckedOut":
                self.sold.subtract(night for night in event.stay.nights if night >= event.departed_on)
            case "OverbookingAllowanceSet":
                nights = (event.to_date - event.from_date).days
                self.allowance |= {event.from_date + timedelta(days=n): event.value for n in range(nights)}
            case _:
                pass


class FallError(Exception):
    """The process dies here, as far as the database can tell."""


def _fall_at_commit(point: object) -> None:
    if str(point) == "worker.before_commit":
        raise FallError


def test_a_hotel_in_the_simulated_database() -> None:
    store = Simulated()
    try:
        _play(store)
    finally:
        store.world.loop.end()
    assert store.world.loop.complaints == []


@pytest.fixture
def real(postgres_url: str) -> Iterator[Real]:
    url = SecretStr(postgres_url)
    with asyncio.Runner() as runner:
        runner.run(migrate(url))
        database = pool(url, "innkeep-machine", 2)
        runner.run(_open(database))
        yield Real(runner, database)
        runner.run(database.close())


async def _open(database: Any) -> None:
    await database


def test_a_hotel_in_the_real_database(real: Real) -> None:
    _play(real)


def _play(store: Store) -> None:
    machine: Any = partial(Hotel, store)  # a factory will do; its type says class
    run_state_machine_as_test(machine, settings=few)
