"""What a front office does all day: the next task of a house, chosen by the dice. Pure; knows nothing of outcomes.

It acts on what it believes: a booking that was refused is cancelled all the same, which is a task as well.
"""

import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

FIRST_DATE: Final = date(2027, 3, 1)
WINDOW_NIGHTS: Final = 30
REMEMBERED: Final = 60
Rooms = Mapping[str, Sequence[str]]
"""The rooms of each type, by their numbers."""
ROOMS: Final[Rooms] = {"DBL": ("101", "102", "103", "104", "105"), "SUI": ("201", "202")}


@dataclass(frozen=True, slots=True)
class Order:
    """One command as a client sends it; ``nights`` are those that it is about."""

    id: str
    hotel_id: str
    task: str
    body: dict[str, Any]
    room_type: str = ""
    nights: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stay:
    """A booking that was sent."""

    id: str
    room_type: str
    arrival: date
    departure: date

    @property
    def nights(self) -> tuple[str, ...]:
        """Its nights, in order."""
        return nights(self.arrival, self.departure)


@dataclass(slots=True)
class House:
    """A hotel as its front office believes it to be; somebody who reads keeps ``business_date`` true."""

    hotel_id: str
    business_date: date = FIRST_DATE
    booked: deque[Stay] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    assigned: deque[Stay] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    arrived: deque[Stay] = field(default_factory=lambda: deque(maxlen=REMEMBERED))


def nights(first: date, until: date) -> tuple[str, ...]:
    """The nights ``[first, until)`` as dates in ISO 8601."""
    return tuple((first + timedelta(days=day)).isoformat() for day in range((until - first).days))


def new_id(rng: random.Random) -> str:
    """A command id."""
    return str(UUID(int=rng.getrandbits(128), version=4))


def opening(house: House, rng: random.Random, rooms: Rooms = ROOMS) -> Order:
    """Open the house on its business date."""
    types = [
        {"code": code, "name": code.title(), "max_occupancy": 4, "rooms": list(numbers)}
        for code, numbers in rooms.items()
    ]
    body = {
        "name": "Seaside",
        "time_zone": "Europe/Lisbon",
        "currency": "EUR",
        "business_date": house.business_date.isoformat(),
        "room_types": types,
    }
    return Order(new_id(rng), house.hotel_id, "open-hotel", body)


def booking(house: House, rng: random.Random, stay: tuple[str, date, date]) -> Order:
    """Book one room of a type from a date until another."""
    room_type, arrival, departure = stay
    body = {
        "room_type": room_type,
        "stay": {"arrival": arrival.isoformat(), "departure": departure.isoformat()},
        "party": {"adults": rng.randint(1, 2)},
        "nightly_price": {"amount_minor": rng.randint(50, 200) * 100, "currency": "EUR"},
        "guest_id": new_id(rng),
    }
    return Order(new_id(rng), house.hotel_id, "book-room", body, room_type, nights(arrival, departure))


def next_order(house: House, rng: random.Random) -> Order:
    """The next task: bookings most of all; another one where nothing is there to do the chosen task to."""
    chosen = rng.choices([make for _, make in TASKS], [weight for weight, _ in TASKS])[0]
    return chosen(house, rng) or _book(house, rng)


def _book(house: House, rng: random.Random) -> Order:
    ahead = 0 if rng.random() < 0.4 else rng.randrange(WINDOW_NIGHTS)
    arrival = house.business_date + timedelta(days=ahead)
    departure = arrival + timedelta(days=rng.choice([1, 1, 2, 3, 7]))
    order = booking(house, rng, (rng.choice(["DBL", "DBL", "SUI"]), arrival, departure))
    house.booked.append(Stay(order.id, order.room_type, arrival, departure))
    return order


def _cancel(house: House, rng: random.Random) -> Order | None:
    return _about(house, rng, "cancel-reservation", [*house.booked, *house.assigned])


def _mark_no_show(house: House, rng: random.Random) -> Order | None:
    return _about(house, rng, "mark-no-show", _due_in(house.booked, house))


def _assign(house: House, rng: random.Random) -> Order | None:
    waiting = _due_in(house.booked, house) or list(house.booked)
    if not waiting:
        return None
    stay = rng.choice(waiting)
    house.booked.remove(stay)
    house.assigned.append(stay)
    body = {"reservation_id": stay.id, "room": rng.choice(ROOMS[stay.room_type])}
    return Order(new_id(rng), house.hotel_id, "assign-room", body, stay.room_type, stay.nights)


def _check_in(house: House, rng: random.Random) -> Order | None:
    due = _due_in(house.assigned, house)
    order = _about(house, rng, "check-in-guest", due)
    if order is not None:
        stay = next(stay for stay in due if stay.id == order.body["reservation_id"])
        house.assigned.remove(stay)
        house.arrived.append(stay)
    return order


def _check_out(house: House, rng: random.Random) -> Order | None:
    if not house.arrived:
        return None
    stay = min(house.arrived, key=lambda stay: stay.departure)
    house.arrived.remove(stay)
    return _about(house, rng, "check-out-guest", [stay])


def _allow(house: House, rng: random.Random) -> Order:
    first = house.business_date + timedelta(days=rng.randrange(WINDOW_NIGHTS))
    until = first + timedelta(days=rng.randint(1, 5))
    room_type = rng.choice(list(ROOMS))
    body = {
        "room_type": room_type,
        "from_date": first.isoformat(),
        "to_date": until.isoformat(),
        "value": rng.choice([-1, 0, 0, 1, 2]),
    }
    return Order(new_id(rng), house.hotel_id, "set-overbooking-allowance", body, room_type, nights(first, until))


def _close(house: House, rng: random.Random) -> Order:
    body = {"business_date": house.business_date.isoformat()}
    return Order(new_id(rng), house.hotel_id, "close-business-date", body)


def _open_again(house: House, rng: random.Random) -> Order:
    return opening(house, rng)


def _due_in(stays: Sequence[Stay], house: House) -> list[Stay]:
    return [stay for stay in stays if stay.arrival == house.business_date]


def _about(house: House, rng: random.Random, task: str, stays: Sequence[Stay]) -> Order | None:
    if not stays:
        return None
    stay = rng.choice(stays)
    return Order(new_id(rng), house.hotel_id, task, {"reservation_id": stay.id}, stay.room_type, stay.nights)


TASKS: Final[tuple[tuple[int, Callable[[House, random.Random], Order | None]], ...]] = (
    (45, _book),
    (14, _cancel),
    (12, _assign),
    (9, _check_in),
    (9, _check_out),
    (6, _allow),
    (3, _mark_no_show),
    (3, _close),
    (1, _open_again),
)
"""How often each task is chosen, of about a hundred."""
