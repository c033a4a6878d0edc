"""What a hotel's figures must be: counted from its bookings alone, with none of Innkeep's code."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from replay.days import Days, Span, happenings
from replay.figures import Figures
from replay.tally import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """The figures, the rows that were accepted, and what a hotel needs so that it comes to the same.

    ``limits`` is by reserved type; ``rooms`` by assigned type, counted over the accepted bookings.
    """

    figures: Figures
    accepted: frozenset[int]
    limits: Mapping[str, int]
    rooms: Mapping[str, int]


def count(days: Days, span: Span, limit: Decimal) -> Count:
    """Replay twice: without limits for the most on the books, then with ``limit`` of that, rounded down, at least 1."""
    peaks = _replayed(days, None).peak_sold
    limits = {code: max(1, int(limit * peak)) for code, peak in peaks.items()}
    tally = _replayed(days, limits)
    return Count(
        figures=tally.figures(business_date=span.last_departure + timedelta(days=1)),
        accepted=frozenset(tally.accepted),
        limits=limits,
        rooms=tally.rooms,
    )


def _replayed(days: Days, limits: Mapping[str, int] | None) -> Tally:
    tally = Tally(limits)
    for day in sorted(days):
        for step, booking in happenings(days, day):
            tally.add(step, booking)
    return tally
