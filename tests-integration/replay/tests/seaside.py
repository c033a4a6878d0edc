"""A small file of bookings, whose figures can be counted on fingers; and how such files are made."""

import csv
import gzip
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from replay.bookings import COLUMNS, Booking, Outcome, read_bookings
from replay.house import House, houses_of

Row = Mapping[str, Any]
NAME = "Seaside"


def row(
    arrival: str,
    nights: int = 1,
    outcome: str = "Check-Out",
    ended: str = "",
    *,
    lead: int = 0,
    adr: str = "100",
    reserved: str = "A",
    assigned: str = "A",
    **more: Any,
) -> Row:
    """A row of the file; a guest who checks out leaves after all the nights where nothing else is said."""
    day = date.fromisoformat(arrival)
    last = day + timedelta(days=nights) if outcome == "Check-Out" else day
    return {
        "hotel": NAME,
        "lead_time": lead,
        "arrival_date_year": day.year,
        "arrival_date_month": f"{day:%B}",
        "arrival_date_day_of_month": day.day,
        "stays_in_weekend_nights": nights // 2,
        "stays_in_week_nights": nights - nights // 2,
        "adults": 2,
        "children": "NA",
        "babies": 0,
        "meal": "BB",
        "reserved_room_type": reserved,
        "assigned_room_type": assigned,
        "adr": adr,
        "reservation_status": outcome,
        "reservation_status_date": ended or last.isoformat(),
        **more,
    }


SEASON: tuple[Row, ...] = (
    row("2020-03-30", 3, lead=10, adr="80.5"),
    row("2020-03-31", 2, ended="2020-03-31", lead=1, assigned="SUI"),
    row("2020-04-05", 1, "Canceled", "2020-03-31", lead=5),
    row("2020-04-01", 2, "Canceled", "2020-03-31", lead=20),
    row("2020-04-01", 3, "No-Show", "2020-01-01", reserved="SUI", assigned="SUI"),
    row("2020-04-01", 0),
    row("2020-04-01", 2, adults=0),
    row("2020-04-01", 2, adr="-6.38"),
    row("2020-04-01", 3, ended="2020-04-02", adr="99.99", assigned="SUI", children=1, babies=1),
)
"""Row 1 stays three nights, row 2 leaves on the day of arrival, 3 and 4 are called off on the same day (one booked on
that day), 5 never comes, 6 to 8 are invalid, and 9 leaves after one night of three."""


def write(path: Path, rows: Iterable[Row], *, zipped: bool = False) -> Path:
    """The rows as a file, with one column more than is needed, and not in the usual order."""
    open_text = gzip.open if zipped else open
    with open_text(path, "wt", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, ["meal", *reversed(COLUMNS)])
        writer.writeheader()
        writer.writerows(rows)
    return path


def house_of(path: Path, rows: Iterable[Row], limit: str = "1.0") -> House:
    """The one hotel of a file of the rows."""
    [house] = houses_of(read_bookings(write(path, rows)), Decimal(limit))
    return house


def booking(number: int, arrival: date, nights: int, outcome: Outcome, ended_on: date, **more: Any) -> Booking:
    """A booking as it is read from a file, made two days ahead where nothing else is said."""
    usual: dict[str, Any] = {
        "hotel": NAME,
        "booked_on": arrival - timedelta(days=2),
        "adults": 2,
        "children": 0,
        "reserved_type": "A",
        "assigned_type": "A",
        "amount_minor": 10_000,
    }
    return Booking(row=number, arrival=arrival, nights=nights, outcome=outcome, ended_on=ended_on, **(usual | more))
