"""What is asked of a hotel, and in which order."""

from collections import Counter
from datetime import date
from pathlib import Path
from uuid import UUID

from replay.commands import Hotel
from replay.tasks import tasks
from replay.tests.seaside import SEASON, house_of, row

RUN = UUID("12345678-0000-4000-8000-000000000000")


def test_a_season_in_order(tmp_path: Path) -> None:
    asked = [(task.name, task.about) for task in tasks(house_of(tmp_path / "season", SEASON))]

    assert asked == [
        ("open-hotel", ""),
        ("set-overbooking-allowance", "A/2020-03-30"),
        ("set-overbooking-allowance", "SUI/2020-03-30"),
        ("book-room", "4"),
        ("book-room", "1"),
        ("book-room", "2"),
        ("assign-room", "1"),
        ("check-in-guest", "1"),
        ("close-business-date", "2020-03-30"),
        ("cancel-reservation", "4"),
        ("book-room", "3"),
        ("cancel-reservation", "3"),
        ("assign-room", "2"),
        ("check-in-guest", "2"),
        ("check-out-guest", "2"),
        ("close-business-date", "2020-03-31"),
        ("book-room", "5"),
        ("book-room", "6"),
        ("book-room", "7"),
        ("book-room", "8"),
        ("book-room", "9"),
        ("assign-room", "9"),
        ("check-in-guest", "9"),
        ("mark-no-show", "5"),
        ("close-business-date", "2020-04-01"),
        ("check-out-guest", "1"),
        ("check-out-guest", "9"),
        *(("close-business-date", f"2020-04-0{day}") for day in range(2, 7)),
    ]


def test_the_hotel_has_the_rooms_that_were_in_use_and_sells_up_to_the_limits(tmp_path: Path) -> None:
    rows = [
        row("2020-04-01", assigned="B"),
        row("2020-04-01", assigned="B"),
        row("2020-04-01", reserved="B", assigned="C", adults=3),
    ]
    opening, *others = tasks(house_of(tmp_path / "types", rows))

    assert opening.body["business_date"] == date(2020, 4, 1)
    assert [(t["code"], t["rooms"], t["max_occupancy"]) for t in opening.body["room_types"]] == [
        ("A", [], 3),
        ("B", ["2001", "2002"], 3),
        ("C", ["3001"], 3),
    ]
    values = {t.body["room_type"]: t.body["value"] for t in others if t.name == "set-overbooking-allowance"}
    assert values == {"A": 2, "B": -1}


def test_long_allowances_are_set_in_parts(tmp_path: Path) -> None:
    house = house_of(tmp_path / "years", [row("2020-04-01"), row("2024-04-01")])
    spans = [t.body for t in tasks(house) if t.name == "set-overbooking-allowance"]

    assert [(span["from_date"].isoformat(), span["to_date"].isoformat()) for span in spans] == [
        ("2020-04-01", "2023-04-06"),
        ("2023-04-06", "2024-04-02"),
    ]


def test_a_room_is_given_to_the_next_guest_when_its_guest_has_left(tmp_path: Path) -> None:
    rows = [row("2020-04-01", 2, ended="2020-04-02"), row("2020-04-01", 3), row("2020-04-02"), row("2020-04-02")]
    rooms = [t.body["room"] for t in tasks(house_of(tmp_path / "rooms", rows)) if t.name == "assign-room"]
    assert rooms == ["1001", "1002", "1001", "1003"]


def test_what_follows_a_booking_that_will_be_refused_is_asked_and_takes_no_room(tmp_path: Path) -> None:
    rows = [row("2020-04-01", 2, lead=1), row("2020-04-01", 2), row("2020-04-02", reserved="B")]
    asked = [t for t in tasks(house_of(tmp_path / "full", rows, limit="0.5")) if t.row in {2, 3}]

    assert [(t.name, t.body.get("room")) for t in asked] == [
        ("book-room", None),
        ("assign-room", "1001"),
        ("check-in-guest", None),
        ("book-room", None),
        ("assign-room", "1002"),
        ("check-in-guest", None),
        ("check-out-guest", None),
        ("check-out-guest", None),
    ]


def test_an_invalid_row_outside_of_the_season_is_sent_all_the_same(tmp_path: Path) -> None:
    rows = [row("2020-04-01"), row("2019-01-01", 0), row("2021-01-01", 0)]
    asked = Counter(t.name for t in tasks(house_of(tmp_path / "odd", rows)))
    assert asked["book-room"] == 3
    assert asked["close-business-date"] == 2


def test_ids_follow_from_the_run_and_the_hotel(tmp_path: Path) -> None:
    house = house_of(tmp_path / "season", SEASON)
    first, again, other = (list(Hotel(RUN, number, house).commands()) for number in (1, 1, 2))

    assert Hotel(RUN, 2, house).hotel_id == "replay-12345678-2"
    assert first == again
    keys = [command["idempotency_key"] for command in first + other]
    assert len(set(keys)) == len(keys)
    booked = {command["idempotency_key"] for command in first if command["task"] == "book-room"}
    named = {command["body"].get("reservation_id") for command in first} - {None}
    assert named < booked
