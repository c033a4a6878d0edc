"""The front desks of a world: what they ask for, how they insist, and what they were told.

A request without an answer is unknown, and is sent again under the same id until there is one.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from command_service.acceptance import Answer, BusyError
from shared_contracts.catalog import AnyCommand
from shared_contracts.envelope import CommandEnvelope
from shared_contracts.hotels import CloseBusinessDate, OpenHotel, RoomType
from shared_contracts.inventory import SetOverbookingAllowance
from shared_contracts.reservations import (
    AssignRoom,
    BookRoom,
    CancelReservation,
    CheckInGuest,
    CheckOutGuest,
    MarkNoShow,
)
from shared_contracts.values import Money, Party, StayPeriod
from simulation.http import Api, ask
from simulation.world import CORRUPT, KILLS, RAISES, World

FIRST_DAY: Final = date(2027, 1, 30)
"""So that stays cross the end of a month."""
GUEST: Final = UUID(int=99)
REQUEST_SECONDS: Final = 5.0
TASKS: Final = (
    ("book",) * 9
    + ("cancel",) * 3
    + ("assign",) * 4
    + ("check_in",) * 3
    + ("check_out",) * 2
    + (
        "no_show",
        "close",
        "allow",
        "open",
    )
)
ON_RESERVATIONS: Final[dict[str, Any]] = {
    "cancel": CancelReservation,
    "assign": AssignRoom,
    "check_in": CheckInGuest,
    "check_out": CheckOutGuest,
    "no_show": MarkNoShow,
}


@dataclass(frozen=True, slots=True)
class Order:
    """One command as a desk means it: the same order may be sent many times."""

    id: UUID
    hotel_id: str
    body: AnyCommand
    expected_version: int | None = None


@dataclass(slots=True)
class Desks:
    """All desks of a world. ``answers`` is what the API said to each order, ``told`` the first outcome of an id."""

    world: World
    rooms: dict[str, int] = field(default_factory=dict)
    answers: list[tuple[Order, Answer]] = field(default_factory=list)
    sent: list[Order] = field(default_factory=list)
    booked: dict[str, list[UUID]] = field(default_factory=dict)
    told: dict[UUID, Any] = field(default_factory=dict)
    days: dict[str, int] = field(default_factory=dict)

    async def run(self) -> None:
        """Open the hotels, then let the desks work side by side; returns when every order has an answer."""
        await asyncio.gather(*(self._open(hotel) for hotel in self.world.hotels))
        desks = self.world.chance.whole(1, 3)
        await asyncio.gather(*(self._desk(self.world.chance.whole(4, 9)) for _ in range(desks)))

    async def send(self, orders: Sequence[Order]) -> None:
        """Send them in one request until it is answered."""
        chance = self.world.chance
        while True:
            try:
                async with asyncio.timeout(REQUEST_SECONDS):
                    answers = await ask(self.world, lambda api: _accept(self.world, api, orders))
            except (BusyError, ConnectionError, TimeoutError):
                self.world.trace.count("requests_unanswered")
                await asyncio.sleep(chance.between(0.1, 1.0))
                continue
            self.answers.extend(zip(orders, answers, strict=True))
            return

    async def _open(self, hotel: str) -> None:
        chance = self.world.chance
        self.rooms[hotel] = chance.whole(1, 3)
        self.booked[hotel], self.days[hotel] = [], 0
        order = Order(chance.identity(), hotel, _opening(self.rooms[hotel]))
        self.sent.append(order)
        await self.send([order])

    async def _desk(self, orders: int) -> None:
        chance = self.world.chance
        while orders > 0:
            batch = [self._order() for _ in range(chance.whole(2, 3) if chance.happens(0.15) else 1)]
            orders -= len(batch)
            await self.send(batch)
            if chance.happens(0.35):
                await self._watch(batch[-1].id)
            else:
                await asyncio.sleep(chance.between(0.0, 0.6))

    async def _watch(self, command_id: UUID) -> None:
        """Read the status for a while, as a client does; the first one that is final is what it was told."""
        for _ in range(8):
            outcome = self.world.postgres.tables["outcome"].get(command_id)
            if outcome is not None:
                self.told.setdefault(command_id, dict(outcome))
                return
            await asyncio.sleep(0.4)

    def _order(self) -> Order:
        chance = self.world.chance
        if self.sent and chance.happens(0.15):
            again = chance.pick(self.sent)
            self.world.trace.count("orders_repeated")
            if chance.happens(0.2):
                return Order(again.id, again.hotel_id, CloseBusinessDate(business_date=date(2150, 1, 1)))
            return again
        hotel = chance.pick(self.world.hotels) if not chance.happens(0.02) else "nowhere"
        version = chance.whole(0, 6) if chance.happens(0.06) else None
        order = Order(chance.identity(), hotel, self._body(hotel), version)
        self.sent.append(order)
        if isinstance(order.body, BookRoom):
            self.booked.get(hotel, []).append(order.id)
        self._poison(order)
        return order

    def _poison(self, order: Order) -> None:
        if order.hotel_id in self.world.hotels and order.expected_version is None and self.world.chance.happens(0.03):
            kind = self.world.chance.pick((RAISES, RAISES, KILLS, CORRUPT))
            if kind != KILLS or KILLS not in self.world.poison.values():
                self.world.poison[order.id] = kind

    def _body(self, hotel: str) -> AnyCommand:
        chance, known, today = self.world.chance, self.booked.get(hotel), self.days.get(hotel, 0)
        task = chance.pick(TASKS) if hotel in self.rooms else "book"
        if known and task in ON_RESERVATIONS:
            return self._about(task, hotel, chance.pick(known))
        match task:
            case "close":
                self.days[hotel] = today + 1
                return CloseBusinessDate(business_date=_day(today))
            case "allow":
                first = today + chance.whole(0, 2)
                return SetOverbookingAllowance(
                    room_type="DBL", from_date=_day(first), to_date=_day(first + 2), value=chance.whole(-1, 1)
                )
            case "open":
                return _opening(self.rooms.get(hotel, 1))
            case _:
                return _booking(today + chance.pick((0, 0, 0, 1, 2)), chance.whole(1, 3))

    def _about(self, task: str, hotel: str, reservation: UUID) -> AnyCommand:
        if task == "assign":
            room = f"{self.world.chance.whole(1, self.rooms[hotel]):03d}"
            return AssignRoom(reservation_id=reservation, room=room)
        command: AnyCommand = ON_RESERVATIONS[task](reservation_id=reservation)
        return command


async def _accept(world: World, api: Api, orders: Sequence[Order]) -> list[Answer]:
    """What the route does: stamp the time, and store."""
    return await api.acceptance.accept([envelope(world, order) for order in orders])


def envelope(world: World, order: Order) -> CommandEnvelope:
    """The order as it is stamped now."""
    return CommandEnvelope(
        id=order.id,
        hotel_id=order.hotel_id,
        at=world.postgres.clock(),
        principal="desk",
        correlation_id=order.id,
        expected_version=order.expected_version,
        body=order.body,
    )


def _day(number: int) -> date:
    return FIRST_DAY + timedelta(days=number)


def _opening(rooms: int) -> OpenHotel:
    numbers = tuple(f"{number:03d}" for number in range(1, rooms + 1))
    return OpenHotel(
        name="Seaside",
        time_zone="Europe/Lisbon",
        currency="EUR",
        business_date=FIRST_DAY,
        room_types=(RoomType(code="DBL", name="Double", max_occupancy=2, rooms=numbers),),
    )


def _booking(first: int, nights: int) -> BookRoom:
    return BookRoom(
        room_type="DBL",
        stay=StayPeriod(_day(first), _day(first + nights)),
        party=Party(2),
        nightly_price=Money(9_500, "EUR"),
        guest_id=GUEST,
    )
