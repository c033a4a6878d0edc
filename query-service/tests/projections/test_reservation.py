"""A reservation with its history, and what can be done with it."""

import pytest
from histories import Booked, History, documents_of, guest_of

from query_service.projections.reservation import TIMELINE_FIRST, TIMELINE_LAST
from query_service.projections.reservation_dto import (
    ActionDto,
    ReasonDto,
    ReservationDto,
    RoomOfStayDto,
    StayDto,
    reservation_dto,
)


def told(history: History, booked: Booked) -> ReservationDto:
    documents = documents_of(history.events)
    return reservation_dto(documents["reservation", f"seaside/{booked.id}"], documents["hotel", "seaside"])


def actions(history: History, booked: Booked) -> dict[str, list[str]]:
    return {
        action["task"]: [reason["code"] for reason in action["reasons"]] for action in told(history, booked)["actions"]
    }


def test_a_booking_is_confirmed_with_what_was_agreed(history: History) -> None:
    booked = history.booked(1, 3, price=12_345)
    dto = told(history, booked)
    assert (dto["status"], dto["room_type"], dto["guest_id"]) == ("confirmed", "DBL", str(guest_of(booked.id)))
    assert dto["stay"] == StayDto(arrival="2016-07-31", departure="2016-08-02", departed_on=None)
    assert [(night["date"], night["amount_minor"]) for night in dto["nightly"]] == [
        ("2016-07-31", 12_345),
        ("2016-08-01", 12_345),
    ]
    assert (dto["total_minor"], dto["currency"]) == (24_690, "EUR")


def test_a_room_is_shown_for_the_stay(history: History) -> None:
    booked = history.booked(0, 2)
    history.assigned(booked, "101")
    assert told(history, booked)["rooms"] == [
        RoomOfStayDto(room="101", room_type="DBL", from_date="2016-07-30", to_date="2016-08-01")
    ]


def test_another_room_before_arrival_takes_the_place_of_the_first(history: History) -> None:
    booked = history.booked(1, 2)
    history.assigned(booked, "101")
    history.assigned(booked, "102")
    assert [room["room"] for room in told(history, booked)["rooms"]] == ["102"]


def test_a_guest_who_moves_keeps_the_first_room_for_the_nights_spent_there(history: History) -> None:
    booked = history.booked(0, 4)
    history.arrives(booked, "101")
    history.until(1)
    history.assigned(booked, "201")
    dto = told(history, booked)
    assert dto["status"] == "in_house"
    assert [(room["room"], room["from_date"], room["to_date"]) for room in dto["rooms"]] == [
        ("101", "2016-07-30", "2016-07-31"),
        ("201", "2016-07-31", "2016-08-03"),
    ]


def test_who_leaves_early_pays_the_nights_stayed(history: History) -> None:
    booked = history.booked(0, 4, price=100)
    history.arrives(booked, "101")
    history.until(1)
    history.checked_out(booked)
    dto = told(history, booked)
    assert (dto["status"], dto["stay"]["departed_on"], dto["total_minor"]) == ("checked_out", "2016-07-31", 100)
    assert [(room["from_date"], room["to_date"]) for room in dto["rooms"]] == [("2016-07-30", "2016-07-31")]


@pytest.mark.parametrize(("end", "status"), [(History.cancelled, "cancelled"), (History.no_show, "no_show")])
def test_who_does_not_come_has_no_room(history: History, end: object, status: str) -> None:
    booked = history.booked(0, 2)
    history.assigned(booked, "101")
    assert callable(end)
    end(history, booked)
    dto = told(history, booked)
    assert (dto["status"], dto["rooms"], dto["total_minor"]) == (status, [], 20_000)


def test_every_action_is_told_with_the_reason_why_it_is_not_possible_today(history: History) -> None:
    booked = history.booked(1, 2)
    assert actions(history, booked) == {
        "assign-room": [],
        "check-in-guest": ["not_due_in"],
        "check-out-guest": ["not_in_house"],
        "mark-no-show": ["too_early_for_no_show"],
    }


def test_an_action_becomes_possible_on_the_date_that_the_event_named(history: History) -> None:
    booked = history.booked(1, 2)
    history.until(1)
    assert actions(history, booked)["check-in-guest"] == []
    assert actions(history, booked)["mark-no-show"] == []


def test_an_action_is_over_after_the_date_that_the_event_named(history: History) -> None:
    booked = history.booked(1, 4)
    history.until(2)
    assert told(history, booked)["actions"][1] == ActionDto(
        task="check-in-guest", allowed=False, reasons=[ReasonDto(code="not_due_in")]
    )
    assert actions(history, booked)["mark-no-show"] == []


def test_the_timeline_tells_what_happened_and_who_asked(history: History) -> None:
    booked = history.booked(0, 2)
    history.cancelled(booked)
    assert [(entry["position"], entry["what"], entry["principal"]) for entry in told(history, booked)["timeline"]] == [
        (2, "RoomBooked", "reception"),
        (3, "ReservationCancelled", "reception"),
    ]


def test_a_long_timeline_keeps_its_beginning_and_its_end_and_counts_the_rest(history: History) -> None:
    booked = history.booked(1, 2)
    for _ in range(60):
        history.assigned(booked, "101")
        history.assigned(booked, "102")
    dto = told(history, booked)
    assert len(dto["timeline"]) == TIMELINE_FIRST + TIMELINE_LAST
    assert dto["timeline_omitted"] == 121 - TIMELINE_FIRST - TIMELINE_LAST
    positions = [entry["position"] for entry in dto["timeline"]]
    assert positions == [*range(2, 2 + TIMELINE_FIRST), *range(123 - TIMELINE_LAST, 123)]


def test_an_answer_is_as_new_as_the_business_date_it_speaks_of(history: History) -> None:
    booked = history.booked(0, 2)
    history.closed()
    assert told(history, booked)["position"] == 3
