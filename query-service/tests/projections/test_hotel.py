"""The hotel's own document."""

from histories import History, documents_of

from query_service.projections.hotel_dto import RoomTypeDto, hotel_dto


def test_a_hotel_that_opens_is_told_with_its_room_types(history: History) -> None:
    dto = hotel_dto(documents_of(history.events)["hotel", "seaside"])
    assert (dto["name"], dto["time_zone"], dto["currency"], dto["business_date"]) == (
        "Seaside",
        "Europe/Lisbon",
        "EUR",
        "2016-07-30",
    )
    assert dto["room_types"] == [
        RoomTypeDto(code="DBL", name="Double", max_occupancy=2, rooms=3),
        RoomTypeDto(code="STE", name="Suite", max_occupancy=4, rooms=1),
    ]


def test_closing_a_business_date_begins_the_next(history: History) -> None:
    history.closed()
    dto = hotel_dto(documents_of(history.events)["hotel", "seaside"])
    assert (dto["business_date"], dto["position"]) == ("2016-07-31", 2)


def test_what_happens_to_reservations_leaves_the_hotel_as_it_was(history: History) -> None:
    before = documents_of(history.events)["hotel", "seaside"]
    history.booked(0, 2)
    assert documents_of(history.events)["hotel", "seaside"] == before
