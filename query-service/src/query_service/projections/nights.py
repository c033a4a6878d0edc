"""Months as the unit of storing nights: ``yyyy-mm``, with the night of the first of the month at index 0."""

from calendar import monthrange
from datetime import date
from typing import Final

DAYS: Final = 31
ZEROS: Final = (0,) * DAYS


def month_of(day: date) -> str:
    """The month that the date is in."""
    return day.isoformat()[:7]


def months_of(first: date, until: date) -> tuple[str, ...]:
    """The months with a night of ``[first, until)``, in order; none where it is empty."""
    if until <= first:
        return ()
    start, end = first.year * 12 + first.month - 1, until.year * 12 + until.month - 1
    end -= until.day == 1
    return tuple(f"{month // 12:04}-{month % 12 + 1:02}" for month in range(start, end + 1))


def first_of(month: str) -> date:
    """The first date of the month; ``ValueError`` where there is none such."""
    return date.fromisoformat(f"{month}-01")


def days_of(month: str) -> int:
    """How many nights the month has."""
    return monthrange(int(month[:4]), int(month[5:]))[1]


def days_in(month: str, first: date, until: date) -> range:
    """The indices in the month of the nights ``[first, until)`` that are in it."""
    start = first_of(month).toordinal()
    return range(max(first.toordinal() - start, 0), min(until.toordinal() - start, days_of(month)))


def following(first: str, nights: int) -> list[str]:
    """So many nights in a row, as ISO dates."""
    start = date.fromisoformat(first).toordinal()
    return [date.fromordinal(start + night).isoformat() for night in range(nights)]
