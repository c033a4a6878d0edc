import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID, uuid4

import asyncpg
import orjson
import pytest
from prometheus_client import CollectorRegistry

from command_service.batch import Decided
from command_service.database import Pool
from command_service.deciding import Deciding, StoppedError
from command_service.domain.decider import fold
from command_service.domain.hotel import OpenedHotel
from command_service.domain.house import House
from command_service.domain.inventory import NightCount
from command_service.domain.reservation import STATUS, NoShow
from command_service.ledger import Ledger
from command_service.metrics import WorkerMetrics
from command_service.settings import MAX_ATTEMPTS
from command_service.stored_states import read_reservation
from orders import OPEN, ordered
from seaside import allow, assign, book, cancel, check_in, check_out, close, no_show
from shared_contracts.catalog import AnyEvent
from shared_contracts.envelope import CommandEnvelope, decode_event, encode_command
from shared_contracts.hotels import CloseBusinessDate
from shared_contracts.rejections import RejectionCode
from shared_contracts.transport.consuming import Delivery


async def events_of(database: Pool, hotel_id: str) -> list[AnyEvent]:
    rows = await database.fetch("SELECT position, message FROM event WHERE hotel_id = $1 ORDER BY position", hotel_id)
    envelopes = [decode_event(row["message"].encode()) for row in rows]
    assert [e.position for e in envelopes] == list(range(1, len(rows) + 1)) == [row["position"] for row in rows]
    return [e.body for e in envelopes]


async def tables_equal_the_fold_of_the_events(database: Pool, hotel_id: str) -> House:
    house = fold(await events_of(database, hotel_id))
    rows = await database.fetch("SELECT * FROM reservation WHERE hotel_id = $1", hotel_id)
    assert {row["reservation_id"]: read_reservation(row["status"], row["state"]) for row in rows} == dict(
        house.reservations
    )
    assert {row["reservation_id"]: row["status"] for row in rows} == {
        key: STATUS[type(state)] for key, state in house.reservations.items()
    }
    rows = await database.fetch("SELECT * FROM inventory WHERE hotel_id = $1", hotel_id)
    counts = {(row["room_type"], row["night"]): NightCount(row["sold"], row["allowance"]) for row in rows}
    assert counts == dict(house.inventory)
    rows = await database.fetch("SELECT * FROM room_span WHERE hotel_id = $1", hotel_id)
    assert {
        (row["room"], row["from_date"], row["to_date"], row["reservation_id"], row["occupied"]) for row in rows
    } == {
        (span.room, span.from_date, span.to_date, span.reservation_id, span.occupied)
        for spans in house.calendars.values()
        for span in spans
    }
    business_date = await database.fetchval("SELECT business_date FROM hotel WHERE hotel_id = $1", hotel_id)
    assert isinstance(house.hotel, OpenedHotel)
    assert house.hotel.business_date == business_date
    return house


async def outcomes_of(database: Pool, commands: Sequence[CommandEnvelope]) -> list[tuple[str, str | None]]:
    rows = await database.fetch(
        "SELECT command_id, status, code FROM outcome WHERE command_id = ANY ($1::uuid[])", [c.id for c in commands]
    )
    found = {row["command_id"]: (row["status"], row["code"]) for row in rows}
    return [found[command.id] for command in commands]


async def test_a_batch_is_decided_in_order_and_its_tables_are_the_fold_of_its_events(
    ledger: Ledger, database: Pool, registered: str
) -> None:
    anna, bruno, carla = uuid4(), uuid4(), uuid4()
    commands = [
        ordered(registered, OPEN),
        ordered(registered, allow(1)),
        ordered(registered, book(1, 4), anna),
        ordered(registered, book(1, 2), bruno),
        ordered(registered, book(2, 4), carla),
        ordered(registered, assign(anna, "101")),
        ordered(registered, check_in(anna)),
        ordered(registered, assign(bruno, "102")),
        ordered(registered, no_show(bruno)),
        ordered(registered, check_out(carla)),
        ordered(registered, close(1)),
        ordered(registered, assign(anna, "102")),
        ordered(registered, cancel(carla)),
        ordered(registered, check_out(anna)),
        ordered(registered, close(2)),
    ]
    await ledger.decide(commands[:8])
    await tables_equal_the_fold_of_the_events(database, registered)
    await ledger.decide(commands[8:])
    await tables_equal_the_fold_of_the_events(database, registered)
    expected = ["succeeded"] * len(commands)
    expected[9] = "rejected"
    assert [status for status, _ in await outcomes_of(database, commands)] == expected


async def test_a_command_that_comes_again_changes_nothing(ledger: Ledger, database: Pool, seaside: str) -> None:
    command = ordered(seaside, book(1, 4))
    await ledger.decide([command, command])
    before = await events_of(database, seaside)
    await ledger.decide([command])
    await asyncio.gather(*(ledger.decide([command]) for _ in range(5)))
    assert await events_of(database, seaside) == before
    assert len(before) == 2


async def test_the_last_room_is_sold_once_however_many_ask_at_once(
    ledger: Ledger, database: Pool, seaside: str
) -> None:
    commands = [ordered(seaside, book(5, 8, room_type="SUI")) for _ in range(60)]
    await asyncio.gather(*(ledger.decide(commands[n : n + 3]) for n in range(0, 60, 3)))
    outcomes = await outcomes_of(database, commands)
    assert outcomes.count(("succeeded", None)) == 1
    assert outcomes.count(("rejected", "no_availability")) == 59
    await tables_equal_the_fold_of_the_events(database, seaside)


async def test_a_long_stay_against_many_short_ones_ends_without_a_deadlock(
    ledger: Ledger, database: Pool, seaside: str
) -> None:
    commands = [ordered(seaside, book(n, n + 1)) for n in range(2, 12) for _ in range(3)]
    commands += [ordered(seaside, book(2, 12)) for _ in range(5)]
    await asyncio.gather(*(ledger.decide([command]) for command in commands))
    house = await tables_equal_the_fold_of_the_events(database, seaside)
    assert max(count.sold for count in house.inventory.values()) <= 2


async def test_batches_that_share_hotels_end_without_a_deadlock(ledger: Ledger, database: Pool) -> None:
    hotels = [f"hotel-{uuid4().hex[:12]}" for _ in range(4)]
    for hotel_id in hotels:
        await database.execute("INSERT INTO hotel (hotel_id) VALUES ($1)", hotel_id)
    await ledger.decide([ordered(hotel_id, OPEN) for hotel_id in hotels])
    mixed = [[ordered(hotel_id, book(1, 3)) for hotel_id in order] for order in (hotels, hotels[::-1]) * 10]
    await asyncio.gather(*(ledger.decide(batch) for batch in mixed))
    for hotel_id in hotels:
        house = await tables_equal_the_fold_of_the_events(database, hotel_id)
        assert len(house.reservations) == 2


async def test_two_people_who_do_different_tasks_to_one_reservation_both_succeed(
    ledger: Ledger, database: Pool, seaside: str
) -> None:
    anna = uuid4()
    await ledger.decide([ordered(seaside, book(1, 4), anna)])
    racing = [ordered(seaside, assign(anna, "101")), ordered(seaside, cancel(anna)), ordered(seaside, allow(1))]
    await asyncio.gather(*(ledger.decide([command]) for command in racing))
    outcomes = await outcomes_of(database, racing)
    assert outcomes[1:] == [("succeeded", None)] * 2
    assert outcomes[0] in (("succeeded", None), ("rejected", "invalid_transition"))
    await tables_equal_the_fold_of_the_events(database, seaside)


async def test_who_wants_to_be_sure_names_the_last_event_that_they_have_seen(
    ledger: Ledger, database: Pool, seaside: str
) -> None:
    anna = uuid4()
    booked = ordered(seaside, book(1, 4), anna)
    seen = replace(ordered(seaside, assign(anna, "101")), expected_version=2)
    stale = replace(ordered(seaside, cancel(anna)), expected_version=2)
    of_hotel = [replace(ordered(seaside, allow(1)), expected_version=version) for version in (1, 3)]
    unknown = replace(ordered(seaside, cancel(uuid4())), expected_version=2)
    await ledger.decide([booked])
    await ledger.decide([seen, stale, *of_hotel, unknown])
    assert await outcomes_of(database, [seen, stale, *of_hotel, unknown]) == [
        ("succeeded", None),
        ("rejected", "version_conflict"),
        ("rejected", "version_conflict"),
        ("succeeded", None),
        ("rejected", "unknown_reservation"),
    ]
    again = replace(ordered(seaside, cancel(anna)), expected_version=3)
    await ledger.decide([again])
    assert await outcomes_of(database, [again]) == [("succeeded", None)]


async def test_the_tripwires_fire_on_what_the_rules_would_never_write(database: Pool, seaside: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="never_oversold"):
        await database.execute("INSERT INTO inventory VALUES ($1, 'DBL', '2026-12-05', 3, 0, 2)", seaside)
    span = "INSERT INTO room_span VALUES ($1, '101', '2026-12-05', '2026-12-07', $2, false)"
    await database.execute(span, seaside, uuid4())
    with pytest.raises(asyncpg.ExclusionViolationError, match="one_occupant"):
        await database.execute(span, seaside, uuid4())


@dataclass
class Faulty:
    """A ledger that misbehaves as told, and otherwise is the real one."""

    ledger: Ledger
    poison: set[UUID] = field(default_factory=set)
    fault: Exception = field(default_factory=lambda: ZeroDivisionError("a bug"))
    batches: list[int] = field(default_factory=list)
    lose_commits: int = 0
    outages: int = 0

    async def decide(self, commands: Sequence[CommandEnvelope]) -> Decided:
        if self.outages:
            self.outages -= 1
            raise ConnectionRefusedError
        if any(command.id in self.poison for command in commands):
            raise self.fault
        self.batches.append(len(commands))
        decided = await self.ledger.decide(commands)
        if self.lose_commits:
            self.lose_commits -= 1
            raise asyncpg.ConnectionDoesNotExistError("lost while committing")
        return decided

    def __getattr__(self, name: str) -> object:
        return getattr(self.ledger, name)


def deciding(faulty: Faulty, stop: asyncio.Event | None = None) -> Deciding:
    return Deciding(faulty, WorkerMetrics(CollectorRegistry()), stop or asyncio.Event())  # type: ignore[arg-type]


def deliveries(*messages: CommandEnvelope | bytes, count: int = 0) -> list[Delivery]:
    bodies = [m if isinstance(m, bytes) else encode_command(m) for m in messages]
    return [Delivery("commands.00", body, tag, count) for tag, body in enumerate(bodies, 1)]


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("command_service.deciding.FIRST_RETRY_SECONDS", 0.001)
    monkeypatch.setattr("command_service.deciding.DATABASE_RETRY_SECONDS", 0.001)


@pytest.mark.usefixtures("quick_retries")
async def test_only_the_guilty_command_of_a_batch_fails_and_is_parked(
    ledger: Ledger, database: Pool, seaside: str
) -> None:
    before, guilty, after = (ordered(seaside, book(n, n + 1)) for n in (1, 2, 3))
    await deciding(Faulty(ledger, poison={guilty.id})).handle(deliveries(before, guilty, after))
    assert await outcomes_of(database, [before, guilty, after]) == [
        ("succeeded", None),
        ("failed", "unexpected_fault"),
        ("succeeded", None),
    ]
    parked = await database.fetchrow("SELECT * FROM parked WHERE command_id = $1", guilty.id)
    assert parked is not None
    assert (parked["queue"], parked["hotel_id"], parked["attempts"]) == ("commands.00", seaside, MAX_ATTEMPTS)
    assert orjson.loads(parked["body"])["id"] == str(guilty.id)
    attempt = await database.fetchrow("SELECT * FROM attempt WHERE command_id = $1", guilty.id)
    assert attempt is not None
    assert attempt["last_error"] == parked["reason"] == "ZeroDivisionError: a bug"


@pytest.mark.usefixtures("quick_retries")
async def test_a_statement_that_takes_too_long_is_a_fault_of_its_command_alone(
    ledger: Ledger, database: Pool, seaside: str
) -> None:
    guilty, other = (ordered(seaside, book(n, n + 1)) for n in (1, 2))
    faulty = Faulty(ledger, poison={guilty.id}, fault=asyncpg.QueryCanceledError("statement timeout"))
    await deciding(faulty).handle(deliveries(guilty, other))
    assert await outcomes_of(database, [guilty, other]) == [("failed", "unexpected_fault"), ("succeeded", None)]


@pytest.mark.usefixtures("quick_retries")
async def test_what_was_delivered_again_and_again_is_tried_alone_and_in_order(
    ledger: Ledger, database: Pool, seaside: str
) -> None:
    commands = [ordered(seaside, book(n, n + 1)) for n in range(1, 6)]
    fresh, suspects = deliveries(*commands[:2]), deliveries(*commands[2:4], count=2)
    faulty = Faulty(ledger)
    await deciding(faulty).handle([*fresh, *suspects, *deliveries(commands[4])])
    assert faulty.batches == [2, 1, 1, 1]
    assert await outcomes_of(database, commands) == [("succeeded", None)] * 5


@pytest.mark.usefixtures("quick_retries")
async def test_a_command_that_kills_its_worker_each_time_fails_at_last(
    ledger: Ledger, database: Pool, seaside: str
) -> None:
    guilty = ordered(seaside, book(2, 3))
    for _ in range(MAX_ATTEMPTS):
        await ledger.begin_attempt(guilty.id)
    faulty = Faulty(ledger)
    await deciding(faulty).handle(deliveries(guilty, count=MAX_ATTEMPTS))
    assert faulty.batches == []
    assert await outcomes_of(database, [guilty]) == [("failed", "unexpected_fault")]
    reason = await database.fetchval("SELECT reason FROM parked WHERE command_id = $1", guilty.id)
    assert "died" in reason


async def test_an_accepted_command_that_this_worker_cannot_read_fails_and_is_parked(
    ledger: Ledger, database: Pool, seaside: str
) -> None:
    command = ordered(seaside, book(1, 4))
    await database.execute(
        "INSERT INTO command VALUES ($1, DEFAULT, $2, 'paint-room', '', now(), '{}')", command.id, seaside
    )
    message = orjson.dumps(orjson.loads(encode_command(command)) | {"type": "paint-room"})
    for _ in range(2):
        await deciding(Faulty(ledger)).handle([Delivery("commands.00", message, 1, 0, str(command.id))])
    assert await outcomes_of(database, [command]) == [("failed", "unreadable")]
    rows = await database.fetch("SELECT hotel_id, reason FROM parked WHERE command_id = $1", command.id)
    assert [(row["hotel_id"], "paint-room" in row["reason"]) for row in rows] == [(seaside, True)]
    for odd in ("", "7", "x" * 36, "00000000-0000-0000-0000-000000000000", "\N{SNOWMAN}"):
        await deciding(Faulty(ledger)).handle([Delivery("commands.00", b"?", 1, 0, odd)])


async def test_a_close_of_a_far_date_looks_at_no_more_than_one_that_can_be(
    ledger: Ledger, database: Pool, seaside: str
) -> None:
    await ledger.decide([ordered(seaside, book(n, n + 1)) for n in range(2, 12)])
    decided = await ledger.decide([ordered(seaside, CloseBusinessDate(business_date=date(2199, 1, 1)))])
    assert decided.outcomes[0].code is RejectionCode.WRONG_BUSINESS_DATE
    assert len(decided.before[seaside].house.reservations) <= 1
    both = await ledger.decide([ordered(seaside, close(1)), ordered(seaside, close(2))])
    assert [outcome.code for outcome in both.outcomes] == [None, None]
    house = await tables_equal_the_fold_of_the_events(database, seaside)
    assert sum(isinstance(state, NoShow) for state in house.reservations.values()) == 1


@pytest.mark.usefixtures("quick_retries")
async def test_attempts_are_counted_across_workers_that_died(ledger: Ledger, database: Pool, seaside: str) -> None:
    guilty = ordered(seaside, book(2, 3))
    for _ in range(MAX_ATTEMPTS):
        await ledger.begin_attempt(guilty.id)
    await deciding(Faulty(ledger, poison={guilty.id})).handle(deliveries(guilty))
    assert await outcomes_of(database, [guilty]) == [("failed", "unexpected_fault")]


@pytest.mark.usefixtures("quick_retries")
async def test_a_commit_whose_reply_is_lost_is_run_again_and_counts_once(
    ledger: Ledger, database: Pool, seaside: str
) -> None:
    command = ordered(seaside, book(1, 4))
    await deciding(Faulty(ledger, lose_commits=1)).handle(deliveries(command))
    assert await outcomes_of(database, [command]) == [("succeeded", None)]
    assert len(await events_of(database, seaside)) == 2


@pytest.mark.usefixtures("quick_retries")
async def test_while_the_database_is_down_the_batch_waits(ledger: Ledger, database: Pool, seaside: str) -> None:
    command = ordered(seaside, book(1, 4))
    await deciding(Faulty(ledger, outages=20)).handle(deliveries(command))
    assert await outcomes_of(database, [command]) == [("succeeded", None)]


async def test_told_to_stop_while_the_database_is_down_the_worker_gives_the_batch_back(
    ledger: Ledger, seaside: str
) -> None:
    stop = asyncio.Event()
    stop.set()
    with pytest.raises(StoppedError):
        await deciding(Faulty(ledger, outages=1), stop).handle(deliveries(ordered(seaside, book(1, 4))))


async def test_a_message_that_is_no_command_is_parked_and_the_next_one_handled(
    ledger: Ledger, database: Pool, seaside: str
) -> None:
    good = ordered(seaside, book(1, 4))
    future = orjson.dumps(orjson.loads(encode_command(good)) | {"type": "paint-room"})
    junk = [b"\x00\xff not json", b"[]", future, b"x" * 2_000_000]
    before = await database.fetchval("SELECT count(*) FROM parked")
    await deciding(Faulty(ledger)).handle(deliveries(*junk, good))
    assert await outcomes_of(database, [good]) == [("succeeded", None)]
    reasons = await database.fetch("SELECT reason FROM parked ORDER BY id DESC LIMIT 4")
    assert await database.fetchval("SELECT count(*) FROM parked") == before + 4
    assert "paint-room" in " ".join(row["reason"] for row in reasons)
