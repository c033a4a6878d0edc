"""The order in which a hotel's days went: what happened on each, in which order, and within it the file's order."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum, auto
from typing import assert_never

from replay.bookings import Booking, Outcome
from replay.cells import BookingsError


class Step(IntEnum):
    """The parts of a day, in their order."""

    CANCEL_EARLIER = auto()
    BOOK = auto()
    CANCEL_SAME_DAY = auto()
    CHECK_OUT_EARLIER = auto()
    CHECK_IN = auto()
    CHECK_OUT_SAME_DAY = auto()
    MISS = auto()


Happening = tuple[Step, Booking]
Days = Mapping[date, Sequence[Sequence[Booking]]]
"""For each day on which something happened, the bookings of each step; ``happenings`` reads it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The hotel is open from the first arrival to the last departure of its valid bookings, whatever became of them."""

    first_arrival: date
    last_departure: date


def days_of(bookings: Iterable[Booking]) -> Days:
    """The days of the bookings, given in the file's order. An invalid one is booked, and nothing more."""
    days: dict[date, list[list[Booking]]] = defaultdict(lambda: [[] for _ in Step])
    for booking in bookings:
        for day, step in _course(booking):
            days[day][step - 1].append(booking)
    return dict(days)


def span_of(bookings: Sequence[Booking]) -> Span:
    """From when to when the hotel is open; ``BookingsError`` where nothing can be booked in it."""
    valid = [booking for booking in bookings if booking.is_valid]
    if not valid:
        raise BookingsError("no row has a night, a guest and a price of zero or more; give a file that has some")
    return Span(
        first_arrival=min(booking.arrival for booking in valid),
        last_departure=max(booking.departure for booking in valid),
    )


def happenings(days: Days, day: date) -> Iterator[Happening]:
    """What happened on a day, in order; nothing on a day that is not among them."""
    for step, bookings in zip(Step, days.get(day, ()), strict=False):
        for booking in bookings:
            yield step, booking


def _course(booking: Booking) -> Iterator[tuple[date, Step]]:
    yield booking.booked_on, Step.BOOK
    if not booking.is_valid:
        return
    match booking.outcome:
        case Outcome.CANCELED:
            same_day = booking.ended_on == booking.booked_on
            yield booking.ended_on, Step.CANCEL_SAME_DAY if same_day else Step.CANCEL_EARLIER
        case Outcome.NO_SHOW:
            yield booking.arrival, Step.MISS
        case Outcome.CHECK_OUT:
            same_day = booking.ended_on == booking.arrival
            yield booking.arrival, Step.CHECK_IN
            yield booking.ended_on, Step.CHECK_OUT_SAME_DAY if same_day else Step.CHECK_OUT_EARLIER
        case _:
            assert_never(booking.outcome)
