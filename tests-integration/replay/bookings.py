"""A file of hotel bookings (hotel.md, part B) as records: one a row, in the file's order, nothing dropped.

Any file with these columns is read, plain or gzipped; other columns are ignored.
"""

import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final, TextIO

from replay.cells import BookingsError, Cells

MAX_NIGHTS: Final = 366
MAX_GUESTS: Final = 100

COLUMNS: Final = (
    *("hotel", "lead_time", "arrival_date_year", "arrival_date_month", "arrival_date_day_of_month"),
    *("stays_in_weekend_nights", "stays_in_week_nights", "adults", "children", "babies"),
    *("reserved_room_type", "assigned_room_type", "adr", "reservation_status", "reservation_status_date"),
)
_GZIP: Final = b"\x1f\x8b"


class Outcome(StrEnum):
    """How a booking ended, in the file's words."""

    CHECK_OUT = "Check-Out"
    CANCELED = "Canceled"
    NO_SHOW = "No-Show"


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """One row. ``row`` is its identity, since equal rows are different bookings; ``children`` includes babies.

    ``ended_on`` is when it was called off, left or missed: never before it could be, nor after it had to be.
    """

    row: int
    hotel: str
    booked_on: date
    arrival: date
    nights: int
    adults: int
    children: int
    reserved_type: str
    assigned_type: str
    amount_minor: int
    outcome: Outcome
    ended_on: date

    @property
    def departure(self) -> date:
        """The day after the last night that was booked."""
        return self.arrival + timedelta(days=self.nights)

    @property
    def guests(self) -> int:
        """Everybody."""
        return self.adults + self.children

    @property
    def is_valid(self) -> bool:
        """Whether such a booking can exist at all; one that cannot is sent too, and refused at the door."""
        return 1 <= self.nights <= MAX_NIGHTS and 1 <= self.guests <= MAX_GUESTS and self.amount_minor >= 0


def read_bookings(path: Path) -> Iterator[Booking]:
    """Every row in order; ``BookingsError`` at the first that cannot be read."""
    try:
        with _open(path) as text:
            yield from _bookings(csv.reader(text))
    except FileNotFoundError:
        raise BookingsError(f"{path} does not exist; give the path of a file of bookings") from None
    except (OSError, EOFError, zlib.error) as error:
        raise BookingsError(f"{path} cannot be read ({error}); fetch it again") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise BookingsError(f"{path} is not CSV in UTF-8 ({error}); save it as that") from None


def _open(path: Path) -> TextIO:
    with path.open("rb") as start:
        zipped = start.read(len(_GZIP)) == _GZIP
    if zipped:
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _bookings(lines: Iterator[Sequence[str]]) -> Iterator[Booking]:
    header = [name.strip() for name in next(lines, ())]
    if missing := [name for name in COLUMNS if name not in header]:
        raise BookingsError(f"the first line lacks the columns {', '.join(missing)}; add them")
    for row, cells in enumerate(filter(None, lines), 1):
        if len(cells) != len(header):
            raise BookingsError(f"row {row} has {len(cells)} cells and the first line {len(header)}; make them equal")
        yield _booking(Cells(row, dict(zip(header, map(str.strip, cells), strict=True))))


def _booking(cells: Cells) -> Booking:
    arrival = cells.day_of("arrival_date_year", "arrival_date_month", "arrival_date_day_of_month")
    booked_on = arrival - timedelta(days=cells.whole("lead_time"))
    nights = cells.whole("stays_in_weekend_nights") + cells.whole("stays_in_week_nights")
    outcome = _outcome(cells)
    return Booking(
        row=cells.row,
        hotel=cells.name("hotel"),
        booked_on=booked_on,
        arrival=arrival,
        nights=nights,
        adults=cells.whole("adults"),
        children=cells.whole("children", optional=True) + cells.whole("babies", optional=True),
        reserved_type=cells.room_type("reserved_room_type"),
        assigned_type=cells.room_type("assigned_room_type"),
        amount_minor=cells.minor("adr"),
        outcome=outcome,
        ended_on=_ended_on(outcome, cells.day("reservation_status_date"), booked_on, arrival, nights),
    )


def _outcome(cells: Cells) -> Outcome:
    try:
        return Outcome(cells.by_column["reservation_status"])
    except ValueError:
        raise cells.wrong("reservation_status", f"must be one of {', '.join(Outcome)}") from None


def _ended_on(outcome: Outcome, said: date, booked_on: date, arrival: date, nights: int) -> date:
    match outcome:
        case Outcome.CHECK_OUT:
            return min(max(said, arrival), arrival + timedelta(days=nights))
        case Outcome.CANCELED:
            return min(max(said, booked_on), arrival)
        case Outcome.NO_SHOW:
            return arrival
