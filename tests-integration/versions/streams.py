"""Hotels at work, made by the rules themselves: their commands, and the events that these led to.

The same for the same seed: no clock, and no ids but those of the dice. The guests are nobody.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import orjson

from command_service.domain.decide import decide
from command_service.domain.decider import Issued, fold
from command_service.domain.hotel import OpenedHotel
from command_service.domain.house import House as Rules
from command_service.domain.rejected import Rejected
from harness.front_office import ROOMS, House, Order, Rooms, new_id, next_order, opening
from shared_contracts.catalog import AnyEvent
from shared_contracts.envelope import CommandEnvelope, EventEnvelope, decode_command, encode_command, encode_event

FIRST: Final = datetime(2027, 3, 1, 8, 0, 0, 123_456, tzinfo=UTC)
COMMANDS: Final = 220
MOVES: Final = 0.1
HOTELS: Final[dict[str, Rooms]] = {
    "seaside": ROOMS,
    "hillside": {"DBL": ("1", "2", "3"), "SUI": ("A-1",)},
    "harbour-9": {"DBL": tuple(f"{number}" for number in range(101, 113)), "SUI": ()},
}


@dataclass(slots=True)
class Work:
    """A hotel's commands and events as messages, in order."""

    commands: list[bytes] = field(default_factory=list[bytes])
    events: list[bytes] = field(default_factory=list[bytes])


def worked(seed: str) -> dict[str, Work]:
    """Every hotel after its commands."""
    return {hotel: _worked(hotel, rooms, random.Random(f"{seed}/{hotel}")) for hotel, rooms in HOTELS.items()}


def _worked(hotel_id: str, rooms: Rooms, rng: random.Random) -> Work:
    work, rules, desk = Work(), Rules(), House(hotel_id)
    for number, order in enumerate(_orders(desk, rooms, rng)):
        command = _issued(order, number, rules)
        work.commands.append(encode_command(command))
        decision = decide(rules, Issued(command.id, command.at, command.body))
        if isinstance(decision, Rejected):
            continue
        for event in decision:
            work.events.append(encode_event(_recorded(command, event, len(work.events) + 1)))
        rules = fold(decision, rules)
        assert isinstance(rules.hotel, OpenedHotel)
        desk.business_date = rules.hotel.business_date
    return work


def _orders(desk: House, rooms: Rooms, rng: random.Random) -> Iterator[Order]:
    yield opening(desk, rng, rooms)
    for _ in range(COMMANDS):
        yield _move(desk, rooms, rng) if rng.random() < MOVES else next_order(desk, rng)


def _move(desk: House, rooms: Rooms, rng: random.Random) -> Order:
    """Another room, of any type, for somebody who has one; the next task where nobody has."""
    stays = [*desk.arrived, *desk.assigned]
    if not stays:
        return next_order(desk, rng)
    stay = rng.choice(stays)
    room = rng.choice([room for numbers in rooms.values() for room in numbers])
    body = {"reservation_id": stay.id, "room": room, "allow_other_type": True}
    return Order(new_id(rng), desk.hotel_id, "assign-room", body)


def _issued(order: Order, number: int, rules: Rules) -> CommandEnvelope:
    """The command as the API would have read it."""
    frame = {
        "id": order.id,
        "type": order.task,
        "hotel_id": order.hotel_id,
        "at": FIRST + timedelta(minutes=7 * number),
        "principal": f"desk-{number % 3}",
        "correlation_id": UUID(int=number + 1),
        "expected_version": len(rules.reservations) if number % 5 == 0 else None,
        "body": order.body,
    }
    return decode_command(orjson.dumps(frame))


def _recorded(command: CommandEnvelope, event: AnyEvent, position: int) -> EventEnvelope:
    return EventEnvelope(
        hotel_id=command.hotel_id,
        position=position,
        at=command.at,
        principal=command.principal,
        correlation_id=command.correlation_id,
        causation_id=command.id,
        body=event,
    )
