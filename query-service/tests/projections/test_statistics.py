"""What hoteliers read from a month."""

import pytest
from histories import History, documents_of

from query_service.projections.hotel import HotelDocument
from query_service.projections.statistics import NOTHING, StatisticsDocument
from query_service.projections.statistics_dto import FiguresDto, StatisticsDto, statistics_dto


def month(history: History, name: str = "2016-08") -> StatisticsDto:
    documents = documents_of(history.events)
    return statistics_dto(documents["hotel", "seaside"], name, documents.get(("statistics", f"seaside/{name}")))


def night(history: History, date: str) -> FiguresDto:
    return next(night["figures"] for night in month(history, date[:7])["nights"] if night["date"] == date)


def test_a_month_in_which_nothing_happened_has_rooms_and_no_rates(history: History) -> None:
    told = month(history)
    assert len(told["nights"]) == 31
    figures = told["month_figures"]
    assert (figures["rooms_available"], figures["rooms_sold"], figures["occupancy_pct"]) == (4 * 31, 0, 0.0)
    assert (figures["adr_minor"], figures["revpar_minor"]) == (None, 0)


def test_a_booking_sells_nothing_until_the_guest_comes(history: History) -> None:
    history.booked(0, 4)
    assert night(history, "2016-07-30")["bookings"] == 1
    assert night(history, "2016-07-30")["rooms_sold"] == 0


def test_who_comes_counts_on_each_night_of_the_stay_in_both_months(history: History) -> None:
    history.arrives(history.booked(0, 4, price=9_000), "101")
    assert (
        month(history, "2016-07")["month_figures"]["rooms_sold"],
        month(history)["month_figures"]["rooms_sold"],
    ) == (2, 2)
    assert month(history)["month_figures"]["revenue_minor"] == 18_000
    assert night(history, "2016-08-01")["rooms_sold"] == 1
    assert night(history, "2016-07-30")["arrivals"] == 1


def test_nights_not_stayed_count_no_more(history: History) -> None:
    booked = history.booked(0, 4, price=9_000)
    history.arrives(booked, "101")
    history.until(1)
    history.checked_out(booked)
    assert month(history, "2016-07")["month_figures"]["revenue_minor"] == 9_000
    assert month(history)["month_figures"]["rooms_sold"] == 0
    assert night(history, "2016-07-31")["departures"] == 1


def test_who_does_not_come_counts_on_the_date_of_arrival(history: History) -> None:
    history.cancelled(history.booked(1, 4))
    history.no_show(history.booked(1, 2))
    figures = night(history, "2016-07-31")
    assert (figures["bookings"], figures["cancellations"], figures["no_shows"]) == (2, 1, 1)
    assert figures["rooms_sold"] == 0


@pytest.mark.parametrize(
    ("sold", "revenue", "adr", "revpar", "occupancy"),
    [(2, 5, 3, 1, 50.0), (3, 10, 3, 3, 75.0), (3, 4, 1, 1, 75.0), (1, 2, 2, 1, 25.0)],
)
def test_rates_are_rounded_half_up(sold: int, revenue: int, adr: int, revpar: int, occupancy: float) -> None:
    hotel: HotelDocument = documents_of(History().opened().events)["hotel", "seaside"]
    counted = {**NOTHING, "rooms_sold": (sold, *[0] * 30), "revenue": (revenue, *[0] * 30)}
    document = StatisticsDocument(_id="seaside/2016-08", hotel_id="seaside", position=2, nights=counted)
    first = statistics_dto(hotel, "2016-08", document)["nights"][0]["figures"]
    assert (first["adr_minor"], first["revpar_minor"], first["occupancy_pct"]) == (adr, revpar, occupancy)


def test_occupancy_has_two_places(history: History) -> None:
    history.arrives(history.booked(0, 3), "101")
    assert month(history)["month_figures"]["occupancy_pct"] == 0.81


def test_february_has_the_nights_of_its_year(history: History) -> None:
    assert [len(month(history, name)["nights"]) for name in ("2016-02", "2017-02")] == [29, 28]
