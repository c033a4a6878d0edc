"""The count of a small file, against fingers; and of the published file, against the table of the issue."""

import os
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from replay.bookings import read_bookings
from replay.cells import BookingsError
from replay.figures import Figures, MonthFigures
from replay.house import houses_of
from replay.tests.seaside import SEASON, house_of, row


def test_a_season_counted_on_fingers(tmp_path: Path) -> None:
    house = house_of(tmp_path / "season", SEASON)

    assert house.count.figures == Figures(
        rows_invalid=3,
        bookings=6,
        bookings_refused=0,
        checked_in=3,
        checked_out=3,
        cancelled=2,
        no_shows=1,
        nights_stayed=4,
        revenue_minor=3 * 8_050 + 9_999,
        # On 31 March rows 1 and 2, on 1 April rows 1, 2 and 4 until 4 was cancelled.
        peak_sold={"A": 3, "SUI": 1},
        # April: the last night of row 1 and the one of row 9, 180.49 in all, rounded half up.
        months={"2020-03": MonthFigures(nights=2, adr_minor=8_050), "2020-04": MonthFigures(nights=2, adr_minor=9_025)},
        business_date=date(2020, 4, 7),
    )
    assert house.count.rooms == {"A": 1, "SUI": 1}
    assert house.count.limits == {"A": 3, "SUI": 1}


def test_a_limit_refuses_in_the_files_order_and_what_follows_does_not_count(tmp_path: Path) -> None:
    rows = [row("2020-04-01", 2, lead=3), row("2020-04-02", 2, lead=2), row("2020-04-02", lead=2, adr="50")]
    house = house_of(tmp_path / "full", rows, limit="0.7")

    assert house.count.limits == {"A": 2}
    assert house.count.accepted == {1, 2}
    assert house.count.figures.bookings_refused == 1
    assert house.count.figures.checked_out == 2
    assert house.count.figures.peak_sold == {"A": 2}


def test_a_limit_is_at_least_one(tmp_path: Path) -> None:
    assert house_of(tmp_path / "one", [row("2020-04-01")], limit="0.1").count.limits == {"A": 1}


@pytest.mark.parametrize(
    ("before", "peak"),
    [
        # Cancelled before the day's bookings, where it was booked earlier; after them, where it was booked that day.
        (row("2020-04-10", 1, "Canceled", "2020-04-01", lead=20), 1),
        (row("2020-04-10", 1, "Canceled", "2020-04-01", lead=9), 2),
        # A guest of earlier who leaves this day frees the nights not stayed too late for the day's bookings.
        (row("2020-03-31", 9, ended="2020-04-01", lead=1), 2),
        # A no-show keeps the first night only.
        (row("2020-03-31", 12, "No-Show", lead=9), 1),
    ],
)
def test_the_days_order(tmp_path: Path, before: dict[str, object], peak: int) -> None:
    booked_that_day = row("2020-04-08", 3, lead=7)
    assert house_of(tmp_path / "order", [before, booked_that_day]).count.figures.peak_sold == {"A": peak}


@pytest.mark.parametrize(
    ("first", "rooms"),
    [
        (row("2020-03-31", 1), 1),
        (row("2020-03-31", 3, ended="2020-04-01"), 1),
        (row("2020-04-01", 3, ended="2020-04-01"), 2),
        (row("2020-03-31", 2), 2),
    ],
)
def test_rooms_in_use_at_once(tmp_path: Path, first: dict[str, object], rooms: int) -> None:
    """Earlier guests leave before the day's arrivals come, the day's arrivals leave after."""
    house = house_of(tmp_path / "rooms", [first, row("2020-04-01", 1)])
    assert house.count.rooms == {"A": rooms}


def test_a_file_of_two_hotels_is_counted_apart(tmp_path: Path) -> None:
    rows = [row("2020-04-01"), row("2021-04-01", 2, hotel="Old Town", reserved="X9", assigned="X9")]
    with pytest.raises(ValueError, match="unpack"):
        house_of(tmp_path / "two", rows)
    houses = houses_of(read_bookings(tmp_path / "two"), Decimal(1))

    assert [(house.name, house.count.figures.nights_stayed) for house in houses] == [("Seaside", 1), ("Old Town", 2)]


def test_a_file_that_sells_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BookingsError, match="no row has a night"):
        house_of(tmp_path / "nothing", [row("2020-04-01", 0)])


TABLE = {
    "1.0": (0, 28_555, 10_825, 285, 119_635, 1_158_703_197, "151 1 14 80 42 12 11 5 2", 5_609, 18_091),
    "0.7": (1_377, 27_620, 10_394, 274, 114_119, 1_098_453_143, "105 1 9 56 29 8 7 3 1", 5_293, 17_957),
}


@pytest.mark.bookings
@pytest.mark.skipif("INNKEEP_BOOKINGS" not in os.environ, reason="INNKEEP_BOOKINGS does not name the resort's file")
@pytest.mark.parametrize("limit", TABLE)
def test_the_table(limit: str) -> None:
    [house] = houses_of(read_bookings(Path(os.environ["INNKEEP_BOOKINGS"])), Decimal(limit))
    figures = house.count.figures
    august = figures.months["2016-08"]

    assert figures.rows_invalid == 395
    assert figures.checked_in == figures.checked_out
    assert list(figures.peak_sold) == list("ABCDEFGHL")
    assert TABLE[limit] == (
        figures.bookings_refused,
        figures.checked_out,
        figures.cancelled,
        figures.no_shows,
        figures.nights_stayed,
        figures.revenue_minor,
        " ".join(map(str, figures.peak_sold.values())),
        august.nights,
        august.adr_minor,
    )
