"""One hotel of the file: its bookings by day, when it is open, and what it needs and must come to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from replay.bookings import Booking
from replay.days import Days, Span, days_of, span_of
from replay.oracle import Count, count


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A hotel of the file, named as in its ``hotel`` column; ``floors`` numbers its room types from 1."""

    name: str
    days: Days
    span: Span
    count: Count
    floors: Mapping[str, int]
    largest_party: int

    def room(self, code: str, number: int) -> str:
        """The number on a door: the floor of its type, then the room on it from 1; unique in the hotel."""
        return f"{self.floors[code]}{number:03d}"


def houses_of(bookings: Iterable[Booking], limit: Decimal) -> list[House]:
    """The hotels of the file in the order in which it names them; ``BookingsError`` where one can sell nothing."""
    by_name: dict[str, list[Booking]] = {}
    for booking in bookings:
        by_name.setdefault(booking.hotel, []).append(booking)
    return [_house(name, theirs, limit) for name, theirs in by_name.items()]


def _house(name: str, bookings: Sequence[Booking], limit: Decimal) -> House:
    days, span = days_of(bookings), span_of(bookings)
    valid = [booking for booking in bookings if booking.is_valid]
    codes = {booking.reserved_type for booking in valid} | {booking.assigned_type for booking in valid}
    return House(
        name=name,
        days=days,
        span=span,
        count=count(days, span, limit),
        floors={code: floor for floor, code in enumerate(sorted(codes), 1)},
        largest_party=max(booking.guests for booking in valid),
    )
