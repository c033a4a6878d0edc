"""Who arrives, leaves and is in house on a date."""

from histories import Booked, History, day, documents_of, guest_of

from query_service.projections.front_desk import list_key
from query_service.projections.front_desk_dto import (
    ArrivalTotalsDto,
    DepartureTotalsDto,
    FrontDeskDto,
    FrontDeskEntryDto,
    InHouseTotalsDto,
    front_desk_dto,
    front_desk_list_dto,
)
from query_service.projections.pages import key_of

NOBODY_ARRIVES = ArrivalTotalsDto(expected=0, arrived=0, cancelled=0, no_shows=0)


def desk(history: History, number: int, limit: int = 100) -> FrontDeskDto:
    lists = {key: document for (name, key), document in documents_of(history.events).items() if name == "front_desk"}
    return front_desk_dto("seaside", len(history.events), day(number), lists, limit)


def names(entries: list[FrontDeskEntryDto]) -> list[str]:
    return [entry["reservation_id"] for entry in entries]


def test_a_date_on_which_nothing_happens_is_empty(history: History) -> None:
    told = desk(history, 5)
    assert (told["arrivals"]["entries"], told["departures"]["entries"], told["in_house"]["entries"]) == ([], [], [])
    assert told["arrival_totals"] == NOBODY_ARRIVES


def test_a_booking_is_expected_to_arrive_and_to_leave(history: History) -> None:
    booked = history.booked(1, 3)
    (arrival,) = desk(history, 1)["arrivals"]["entries"]
    assert arrival == FrontDeskEntryDto(
        reservation_id=str(booked.id),
        guest_id=str(guest_of(booked.id)),
        guests=2,
        arrival="2016-07-31",
        departure="2016-08-02",
        room_type="DBL",
        room=None,
        status="expected",
    )
    assert names(desk(history, 3)["departures"]["entries"]) == [str(booked.id)]
    assert desk(history, 3)["departure_totals"] == DepartureTotalsDto(expected=1, departed=0)


def test_a_room_given_before_arrival_is_seen_on_both_lists(history: History) -> None:
    history.assigned(history.booked(1, 3), "102")
    assert desk(history, 1)["arrivals"]["entries"][0]["room"] == "102"
    assert desk(history, 3)["departures"]["entries"][0]["room"] == "102"


def test_who_checks_in_has_arrived_and_is_in_house_on_each_night(history: History) -> None:
    history.arrives(history.booked(0, 2), "101")
    assert desk(history, 0)["arrival_totals"] == ArrivalTotalsDto(expected=0, arrived=1, cancelled=0, no_shows=0)
    assert [desk(history, n)["in_house_totals"] for n in range(3)] == [
        InHouseTotalsDto(rooms=1, guests=2),
        InHouseTotalsDto(rooms=1, guests=2),
        InHouseTotalsDto(rooms=0, guests=0),
    ]


def test_who_cancels_is_on_no_list_but_counted(history: History) -> None:
    history.cancelled(history.booked(1, 3))
    assert desk(history, 1)["arrivals"]["entries"] == []
    assert desk(history, 1)["arrival_totals"] == ArrivalTotalsDto(expected=0, arrived=0, cancelled=1, no_shows=0)
    assert desk(history, 3)["departures"]["entries"] == []


def test_who_never_comes_is_on_no_list_but_counted(history: History) -> None:
    history.no_show(history.booked(0, 2))
    assert desk(history, 0)["arrival_totals"] == ArrivalTotalsDto(expected=0, arrived=0, cancelled=0, no_shows=1)
    assert desk(history, 2)["departures"]["entries"] == []


def test_who_leaves_as_planned_has_departed(history: History) -> None:
    booked = history.booked(0, 1)
    history.arrives(booked, "101")
    history.until(1)
    history.checked_out(booked)
    assert desk(history, 1)["departure_totals"] == DepartureTotalsDto(expected=0, departed=1)
    assert desk(history, 0)["in_house_totals"]["rooms"] == 1


def test_who_leaves_early_departs_on_that_date_and_is_in_house_no_more(history: History) -> None:
    booked = history.booked(0, 4)
    history.arrives(booked, "101")
    history.until(2)
    history.checked_out(booked)
    assert names(desk(history, 2)["departures"]["entries"]) == [str(booked.id)]
    assert desk(history, 4)["departures"]["entries"] == []
    assert [desk(history, n)["in_house_totals"]["rooms"] for n in range(4)] == [1, 1, 0, 0]


def test_who_leaves_on_the_day_of_arrival_was_never_in_house_for_a_night(history: History) -> None:
    booked = history.booked(0, 2)
    history.arrives(booked, "101")
    history.checked_out(booked)
    assert desk(history, 0)["in_house_totals"] == InHouseTotalsDto(rooms=0, guests=0)
    assert desk(history, 0)["arrival_totals"]["arrived"] == 1
    assert desk(history, 0)["departure_totals"] == DepartureTotalsDto(expected=0, departed=1)


def test_who_moves_is_in_the_new_room_from_that_night_on(history: History) -> None:
    booked = history.booked(0, 3)
    history.arrives(booked, "101")
    history.until(1)
    history.assigned(booked, "103")
    assert [desk(history, n)["in_house"]["entries"][0]["room"] for n in range(3)] == ["101", "103", "103"]
    assert desk(history, 3)["departures"]["entries"][0]["room"] == "103"


def test_lists_are_in_the_order_of_type_and_reservation_whatever_room_is_given(history: History) -> None:
    suite = history.booked(0, 1, "STE")
    doubles = sorted((history.booked(0, 1) for _ in range(3)), key=lambda booked: str(booked.id))
    history.assigned(doubles[0], "102")
    history.assigned(doubles[2], "101")
    wanted = [*doubles, suite]
    assert names(desk(history, 0)["arrivals"]["entries"]) == [str(booked.id) for booked in wanted]


def test_pages_join_up_to_the_whole_list(history: History) -> None:
    everybody: list[Booked] = [history.booked(0, 1) for _ in range(7)]
    document = documents_of(history.events)["front_desk", list_key("seaside", day(0), "arrivals")]
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(3):
        page = front_desk_list_dto("seaside", 1, day(0), document, after=key_of(cursor), limit=3)
        seen += names(page["entries"])
        cursor = page["next"]
    assert cursor is None
    assert seen == sorted(str(booked.id) for booked in everybody)


def test_the_first_page_says_where_the_second_begins(history: History) -> None:
    for _ in range(3):
        history.booked(0, 1)
    told = desk(history, 0, limit=2)
    assert len(told["arrivals"]["entries"]) == 2
    assert told["arrivals"]["next"] is not None
    assert told["arrival_totals"]["expected"] == 3
