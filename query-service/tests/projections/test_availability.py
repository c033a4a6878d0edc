"""Availability by night and for a stay."""

from histories import Booked, History, day, documents_of

from query_service.projections.availability import month_key
from query_service.projections.availability_dto import (
    AvailabilityDto,
    NightDto,
    StayAvailabilityDto,
    availability_dto,
    stay_availability_dto,
)
from query_service.projections.nights import months_of

NAME = "availability"


def window(history: History, first: int, until: int) -> AvailabilityDto:
    documents = documents_of(history.events)
    asked = {month_key("seaside", month) for month in months_of(day(first), day(until))}
    months = {
        key: document
        for (collection, key), document in documents.items()
        if collection == "availability" and key in asked
    }
    return availability_dto(documents["hotel", "seaside"], months, day(first), day(until))


def doubles(history: History, first: int, until: int) -> list[NightDto]:
    return window(history, first, until)["room_types"][0]["nights"]


def stay(history: History, arrival: int, departure: int, guests: int | None = None) -> StayAvailabilityDto:
    documents = documents_of(history.events)
    months = {key: document for (collection, key), document in documents.items() if collection == "availability"}
    return stay_availability_dto(documents["hotel", "seaside"], months, day(arrival), day(departure), guests)


def sold(history: History, first: int, until: int) -> list[int]:
    return [night["sold"] for night in doubles(history, first, until)]


def left(history: History) -> list[int]:
    return [night["left"] for night in doubles(history, 0, 4)]


def test_a_new_hotel_has_all_its_rooms_left(history: History) -> None:
    (night,) = doubles(history, 0, 1)
    assert night == NightDto(date="2016-07-30", physical=3, sold=0, allowance=0, available=3, left=3, peak_sold=0)


def test_a_booking_over_the_end_of_a_month_is_sold_on_each_of_its_nights(history: History) -> None:
    history.booked(1, 4)
    assert sold(history, 0, 5) == [0, 1, 1, 1, 0]
    assert [night["date"] for night in doubles(history, 1, 4)] == ["2016-07-31", "2016-08-01", "2016-08-02"]


def test_the_other_room_type_is_not_sold(history: History) -> None:
    history.booked(0, 1)
    assert [night["sold"] for night in window(history, 0, 1)["room_types"][1]["nights"]] == [0]


def test_cancelling_gives_every_night_back_but_the_peak_stays(history: History) -> None:
    booked = history.booked(0, 3)
    history.cancelled(booked)
    nights = doubles(history, 0, 3)
    assert [(night["sold"], night["peak_sold"]) for night in nights] == [(0, 1)] * 3


def test_a_no_show_keeps_the_first_night(history: History) -> None:
    history.no_show(history.booked(0, 3))
    assert sold(history, 0, 3) == [1, 0, 0]


def test_an_early_departure_gives_back_the_nights_not_stayed(history: History) -> None:
    booked = history.booked(0, 4)
    history.arrives(booked, "101")
    history.until(1)
    history.checked_out(booked)
    assert sold(history, 0, 4) == [1, 0, 0, 0]


def test_a_guest_put_into_another_type_still_counts_as_the_type_booked(history: History) -> None:
    history.arrives(history.booked(0, 1), "201")
    assert [t["nights"][0]["sold"] for t in window(history, 0, 1)["room_types"]] == [1, 0]


def test_an_allowance_counts_on_the_nights_it_was_set_for(history: History) -> None:
    history.allowed("DBL", 1, 3, 2)
    assert left(history) == [3, 5, 5, 3]


def test_rooms_withheld_after_they_were_sold_leave_less_than_nothing_but_none_to_sell(history: History) -> None:
    for _ in range(3):
        history.booked(0, 1)
    history.allowed("DBL", 0, 1, -1)
    (night,) = doubles(history, 0, 1)
    assert (night["available"], night["left"]) == (-1, 0)


def test_an_allowance_of_three_years_reaches_every_month(history: History) -> None:
    history.allowed("STE", 0, 1_100, 1)
    nights = window(history, 1_098, 1_102)["room_types"][1]["nights"]
    assert [night["allowance"] for night in nights] == [1, 1, 0, 0]


def test_a_stay_has_as_many_rooms_left_as_its_fullest_night(history: History) -> None:
    history.booked(1, 2)
    history.booked(1, 3)
    told = stay(history, 0, 4)["room_types"][0]
    assert (told["code"], told["rooms_left"], told["full_nights"]) == ("DBL", 1, [])


def test_a_stay_names_its_full_nights(history: History) -> None:
    history.booked(1, 3, "STE")
    suites = stay(history, 0, 4)["room_types"][1]
    assert (suites["rooms_left"], suites["full_nights"]) == (0, ["2016-07-31", "2016-08-01"])


def test_a_party_is_only_told_of_rooms_that_can_take_it(history: History) -> None:
    assert [t["code"] for t in stay(history, 0, 1, guests=3)["room_types"]] == ["STE"]


def test_an_answer_is_as_new_as_the_newest_of_its_documents(history: History) -> None:
    booked: Booked = history.booked(0, 3)
    history.closed()
    history.cancelled(booked)
    assert window(history, 0, 3)["position"] == 4
    assert window(history, 40, 41)["position"] == 3
