"""A house's bookings as tasks, in the day's order. Pure: the same house gives the same tasks, as often as asked."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from heapq import heappop, heappush
from typing import Any, Final, NamedTuple

from replay.bookings import Booking
from replay.days import Step, happenings
from replay.house import House

TIME_ZONE: Final = "Europe/Lisbon"
CURRENCY: Final = "EUR"
MAX_SPAN_NIGHTS: Final = 1_100


class Task(NamedTuple):
    """A command without its ids. ``about`` makes it unique among the tasks of its name; ``row`` is the booking's."""

    name: str
    about: str
    body: dict[str, Any]
    row: int | None = None


def tasks(house: House) -> Iterator[Task]:
    """Everything that is asked of the hotel, in order.

    What follows an invalid booking is left out; what follows one refused for lack of rooms is asked all the same.
    """
    yield _open_hotel(house)
    yield from _allowances(house)
    rooms = _Rooms(house)
    first, last = house.span.first_arrival.toordinal(), house.span.last_departure.toordinal()
    open_days = {date.fromordinal(day) for day in range(first, last + 1)}
    for day in sorted(open_days | house.days.keys()):
        for step, booking in happenings(house.days, day):
            yield from _asked(step, booking, rooms)
        if day in open_days:
            yield Task("close-business-date", day.isoformat(), {"business_date": day})


def _open_hotel(house: House) -> Task:
    room_types = [
        {
            "code": code,
            "name": f"Type {code}",
            "max_occupancy": house.largest_party,
            "rooms": [house.room(code, number) for number in range(1, house.count.rooms.get(code, 0) + 1)],
        }
        for code in house.floors
    ]
    body = {
        "name": house.name,
        "time_zone": TIME_ZONE,
        "currency": CURRENCY,
        "business_date": house.span.first_arrival,
        "room_types": room_types,
    }
    return Task("open-hotel", "", body)


def _allowances(house: House) -> Iterator[Task]:
    """So that the rooms of a reserved type and its allowance come to its limit, on every night that can be sold."""
    for code, limit in sorted(house.count.limits.items()):
        first, last = house.span.first_arrival, house.span.last_departure
        while first < last:
            until = min(first + timedelta(days=MAX_SPAN_NIGHTS), last)
            value = limit - house.count.rooms.get(code, 0)
            body = {"room_type": code, "from_date": first, "to_date": until, "value": value}
            yield Task("set-overbooking-allowance", f"{code}/{first}", body)
            first = until


def _asked(step: Step, booking: Booking, rooms: "_Rooms") -> Iterator[Task]:
    row = booking.row
    match step:
        case Step.BOOK:
            yield Task("book-room", str(row), _wanted(booking), row)
        case Step.CANCEL_EARLIER | Step.CANCEL_SAME_DAY:
            yield Task("cancel-reservation", str(row), {}, row)
        case Step.CHECK_IN:
            body = {"room": rooms.take(booking), "allow_other_type": booking.assigned_type != booking.reserved_type}
            yield Task("assign-room", str(row), body, row)
            yield Task("check-in-guest", str(row), {}, row)
        case Step.CHECK_OUT_EARLIER | Step.CHECK_OUT_SAME_DAY:
            rooms.give_back(booking)
            yield Task("check-out-guest", str(row), {}, row)
        case Step.MISS:
            yield Task("mark-no-show", str(row), {}, row)


def _wanted(booking: Booking) -> dict[str, Any]:
    return {
        "room_type": booking.reserved_type,
        "stay": {"arrival": booking.arrival, "departure": booking.departure},
        "party": {"adults": booking.adults, "children": booking.children},
        "nightly_price": {"amount_minor": booking.amount_minor, "currency": CURRENCY},
    }


@dataclass(slots=True)
class _Rooms:
    """Each guest has the first room of the type that nobody is in; a refused booking is named the first of all."""

    house: House
    left: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    opened: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    given: dict[int, int] = field(default_factory=dict)

    def take(self, booking: Booking) -> str:
        code = booking.assigned_type
        if booking.row not in self.house.count.accepted:
            return self.house.room(code, 1)
        if not self.left[code]:
            self.opened[code] += 1
            heappush(self.left[code], self.opened[code])
        number = self.given[booking.row] = heappop(self.left[code])
        return self.house.room(code, number)

    def give_back(self, booking: Booking) -> None:
        if booking.row in self.given:
            heappush(self.left[booking.assigned_type], self.given.pop(booking.row))
