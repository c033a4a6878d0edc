"""Reading a file: what a row becomes, and what is said of one that cannot be read."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.bookings import Booking, Outcome, read_bookings
from replay.cells import BookingsError
from replay.tests.seaside import NAME, SEASON, row, write


def read(path: Path, *rows: object, zipped: bool = False) -> list[Booking]:
    return list(read_bookings(write(path, rows, zipped=zipped)))  # type: ignore[arg-type]


@pytest.mark.parametrize("zipped", [False, True])
def test_a_row_becomes_a_booking(tmp_path: Path, zipped: bool) -> None:
    found = read(tmp_path / "bookings", *SEASON, zipped=zipped)

    assert [booking.row for booking in found] == list(range(1, 10))
    assert found[0] == Booking(
        row=1,
        hotel=NAME,
        booked_on=date(2020, 3, 20),
        arrival=date(2020, 3, 30),
        nights=3,
        adults=2,
        children=0,
        reserved_type="A",
        assigned_type="A",
        amount_minor=8_050,
        outcome=Outcome.CHECK_OUT,
        ended_on=date(2020, 4, 2),
    )
    assert found[8].children == 2
    assert [booking.row for booking in found if not booking.is_valid] == [6, 7, 8]


def test_equal_rows_are_different_bookings(tmp_path: Path) -> None:
    assert len({booking.row for booking in read(tmp_path / "twice", SEASON[0], SEASON[0])}) == 2


@pytest.mark.parametrize(
    ("outcome", "said", "meant"),
    [
        ("No-Show", "2020-01-01", "2020-04-10"),
        ("Check-Out", "2020-04-20", "2020-04-12"),
        ("Check-Out", "2020-04-09", "2020-04-10"),
        ("Canceled", "2020-04-11", "2020-04-10"),
        ("Canceled", "2020-03-01", "2020-04-05"),
    ],
)
def test_nothing_ends_when_it_cannot(tmp_path: Path, outcome: str, said: str, meant: str) -> None:
    [found] = read(tmp_path / "odd", row("2020-04-10", 2, outcome, said, lead=5))
    assert found.ended_on.isoformat() == meant


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("hotel", ""),
        ("lead_time", "-1"),
        ("lead_time", "99999999999999999999"),
        ("arrival_date_year", "20"),
        ("arrival_date_month", "Brumaire"),
        ("arrival_date_day_of_month", "31"),
        ("stays_in_week_nights", "two"),
        ("adults", "NA"),
        ("children", "1.5"),
        ("reserved_room_type", "a b"),
        ("assigned_room_type", "NULL!"),
        ("adr", "1.005"),
        ("adr", "NaN"),
        ("adr", "free"),
        ("reservation_status", "Checked-Out"),
        ("reservation_status_date", "31/04/2020"),
    ],
)
def test_a_bad_cell_is_named(tmp_path: Path, column: str, value: str) -> None:
    bad = row("2020-04-10") | {column: value}  # type: ignore[operator]
    with pytest.raises(BookingsError, match=rf"^row 2, column {column}: {value!r} must be .*; correct it"):
        read(tmp_path / "bad", row("2020-04-10"), bad)


def test_missing_columns_are_named(tmp_path: Path) -> None:
    path = tmp_path / "short"
    path.write_text("hotel,adr\nSeaside,1\n")
    with pytest.raises(BookingsError, match="lacks the columns lead_time, arrival_date_year"):
        list(read_bookings(path))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "lacks the columns"),
        (b"\xff\xfe\x00", "is not CSV in UTF-8"),
        (b"\x1f\x8b\x08", "cannot be read"),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03not deflated", "cannot be read"),
    ],
)
def test_what_is_no_file_of_bookings_is_said(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "odd"
    path.write_bytes(content)
    with pytest.raises(BookingsError, match=complaint):
        list(read_bookings(path))


def test_a_row_with_a_cell_too_few_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "short", [row("2020-04-10")])
    path.write_text(path.read_text() + "BB,1\n")
    with pytest.raises(BookingsError, match="row 2 has 2 cells and the first line 16"):
        list(read_bookings(path))


def test_no_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(BookingsError, match="does not exist"):
        list(read_bookings(tmp_path / "nothing"))


@settings(max_examples=60)
@given(st.binary(max_size=400))
def test_any_bytes_are_bookings_or_an_error_that_says_why(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "file"
    path.write_bytes(content)
    with pytest.raises(BookingsError):
        list(read_bookings(path))
