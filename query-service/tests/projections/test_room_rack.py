"""Who lives in which room, and for whom it is kept."""

import pytest
from histories import History, documents_of

from query_service.projections.pages import START, key_of
from query_service.projections.projection import MisplacedEventError
from query_service.projections.room_rack import PROJECTION
from query_service.projections.room_rack_dto import RackDto, RoomDto, rack_dto


def rack(history: History, limit: int = 100) -> RackDto:
    return rack_dto(documents_of(history.events)["room_rack", "seaside"], START, limit)


def room(history: History, number: str) -> RoomDto:
    return next(room for room in rack(history)["rooms"] if room["room"] == number)


def test_a_new_hotel_has_vacant_rooms(history: History) -> None:
    told = rack(history)
    assert (told["rooms_in_all"], told["occupied"]) == (4, 0)
    assert [(r["room"], r["room_type"], r["state"]) for r in told["rooms"]] == [
        ("101", "DBL", "vacant"),
        ("102", "DBL", "vacant"),
        ("103", "DBL", "vacant"),
        ("201", "STE", "vacant"),
    ]


def test_a_room_is_kept_for_who_is_to_come_the_next_arrival_first(history: History) -> None:
    later, sooner = history.booked(5, 6), history.booked(1, 3)
    history.assigned(later, "101")
    history.assigned(sooner, "101")
    assert [span["reservation_id"] for span in room(history, "101")["ahead"]] == [str(sooner.id), str(later.id)]


def test_a_room_is_occupied_from_check_in_to_check_out(history: History) -> None:
    booked = history.booked(0, 2)
    history.arrives(booked, "101")
    occupied = room(history, "101")
    assert occupied["state"] == "occupied"
    assert occupied["occupant"] is not None
    assert (occupied["occupant"]["reservation_id"], occupied["occupant"]["to_date"]) == (str(booked.id), "2016-08-01")
    assert occupied["ahead"] == []
    history.until(2)
    history.checked_out(booked)
    assert room(history, "101")["state"] == "vacant"


def test_a_move_before_arrival_frees_the_first_room(history: History) -> None:
    booked = history.booked(1, 2)
    history.assigned(booked, "101")
    history.assigned(booked, "102")
    assert (room(history, "101")["ahead"], len(room(history, "102")["ahead"])) == ([], 1)


def test_a_guest_who_moves_takes_the_new_room_and_leaves_the_old(history: History) -> None:
    booked = history.booked(0, 3)
    history.arrives(booked, "101")
    history.until(1)
    history.assigned(booked, "102")
    assert (room(history, "101")["state"], room(history, "102")["state"]) == ("vacant", "occupied")


def test_a_guest_who_lives_there_stays_when_the_next_one_cancels(history: History) -> None:
    here, next_one = history.booked(0, 2), history.booked(2, 3)
    history.arrives(here, "101")
    history.assigned(next_one, "101")
    history.cancelled(next_one)
    assert (room(history, "101")["state"], room(history, "101")["ahead"]) == ("occupied", [])


def test_who_never_comes_frees_the_room(history: History) -> None:
    booked = history.booked(0, 2)
    history.assigned(booked, "101")
    history.no_show(booked)
    assert room(history, "101")["ahead"] == []


def test_pages_go_by_room_number(history: History) -> None:
    first = rack(history, limit=3)
    document = documents_of(history.events)["room_rack", "seaside"]
    second = rack_dto(document, key_of(first["next"]), 3)
    assert [r["room"] for r in first["rooms"] + second["rooms"]] == ["101", "102", "103", "201"]
    assert second["next"] is None


def test_an_event_before_the_hotel_is_open_is_misplaced(history: History) -> None:
    history.assigned(history.booked(0, 1), "101")
    with pytest.raises(MisplacedEventError):
        PROJECTION.project("seaside", None, history.events[-1])
