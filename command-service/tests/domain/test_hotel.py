from command_service.domain.hotel import OpenedHotel
from command_service.domain.inventory import NightCount
from seaside import ANNA, BRUNO, OPEN, allow, assign, book, check_in, check_out, close, day, given
from shared_contracts.hotels import BusinessDateClosed, HotelOpened
from shared_contracts.inventory import OverbookingAllowanceSet
from shared_contracts.rejections import RejectionCode
from shared_contracts.reservations import MarkedNoShow


def test_a_hotel_opens_with_its_rooms() -> None:
    [opened] = given().when(OPEN).then(HotelOpened)
    assert isinstance(opened, HotelOpened)
    assert opened.room_types == OPEN.room_types
    hotel = given(OPEN).house.hotel
    assert isinstance(hotel, OpenedHotel)
    assert hotel.type_of_room["201"] == "SUI"


def test_a_hotel_opens_once() -> None:
    given(OPEN).when(OPEN).then_refused(RejectionCode.HOTEL_ALREADY_OPEN)


def test_nothing_can_be_done_in_a_hotel_that_is_not_open() -> None:
    for command in (book(1, 2), close(1), allow(1), check_in(ANNA)):
        given().when(command).then_refused(RejectionCode.UNKNOWN_HOTEL)


def test_an_allowance_is_set_for_each_night_of_its_span() -> None:
    [changed] = given(OPEN).when(allow(3, 5, 7)).then(OverbookingAllowanceSet)
    assert isinstance(changed, OverbookingAllowanceSet)
    house = given(OPEN, allow(3, 5, 7)).house
    assert {key: count.allowance for key, count in house.inventory.items()} == {("DBL", day(5)): 3, ("DBL", day(6)): 3}


def test_an_allowance_is_not_lowered_below_what_is_sold() -> None:
    house = given(OPEN, (ANNA, book(5, 7)), (BRUNO, book(6, 8)))
    house.when(allow(-1)).then_refused(RejectionCode.WOULD_OVERSELL, nights=["2026-12-06"], nights_in_all=1)


def test_an_allowance_withholds_at_most_the_rooms_there_are() -> None:
    given(OPEN).when(allow(-3)).then_refused(RejectionCode.ALLOWANCE_BELOW_PHYSICAL, physical=2)
    given(OPEN).when(allow(-2)).then(OverbookingAllowanceSet)


def test_an_allowance_is_for_a_type_of_the_hotel_and_for_dates_that_are_not_closed() -> None:
    given(OPEN).when(allow(1, room_type="XXL")).then_refused(RejectionCode.UNKNOWN_ROOM_TYPE)
    given(OPEN, close(1)).when(allow(1)).then_refused(RejectionCode.BUSINESS_DATE_CLOSED)


def test_business_dates_close_one_by_one() -> None:
    [closed] = given(OPEN).when(close(1)).then(BusinessDateClosed)
    assert closed == BusinessDateClosed(closed=day(1), business_date=day(2))
    given(OPEN, close(1)).when(close(1)).then_refused(RejectionCode.WRONG_BUSINESS_DATE, business_date="2026-12-02")
    given(OPEN).when(close(2)).then_refused(RejectionCode.WRONG_BUSINESS_DATE)


def test_a_date_does_not_close_while_somebody_due_out_is_in_house() -> None:
    staying = (OPEN, (ANNA, book(1, 2)), assign(ANNA, "101"), check_in(ANNA), close(1))
    given(*staying).when(close(2)).then_refused(RejectionCode.DEPARTURES_UNRESOLVED, reservations=[str(ANNA)])
    given(*staying, check_out(ANNA)).when(close(2)).then(BusinessDateClosed)


def test_the_close_marks_who_did_not_arrive() -> None:
    expected = (OPEN, (ANNA, book(1, 4)), (BRUNO, book(2, 3)))
    [missing, _] = given(*expected).when(close(1)).then(MarkedNoShow, BusinessDateClosed)
    assert isinstance(missing, MarkedNoShow)
    assert missing.reservation_id == ANNA
    after = given(*expected, close(1)).house.inventory
    assert after["DBL", day(1)] == NightCount(sold=1)
    assert after["DBL", day(3)] == NightCount(sold=0)
