import pytest

from command_service.domain.inventory import NightCount
from seaside import (
    ANNA,
    BRUNO,
    CARLA,
    OPEN,
    allow,
    assign,
    book,
    cancel,
    check_in,
    check_out,
    close,
    day,
    given,
    no_show,
)
from shared_contracts.catalog import AnyCommand
from shared_contracts.rejections import RejectionCode
from shared_contracts.reservations import (
    GuestCheckedIn,
    GuestCheckedOut,
    MarkedNoShow,
    ReservationCancelled,
    RoomAssigned,
    RoomBooked,
)

ANNA_BOOKED = (OPEN, (ANNA, book(1, 4)))
ANNA_LIVES_IN_101 = (*ANNA_BOOKED, assign(ANNA, "101"), check_in(ANNA))


def test_a_room_is_booked_at_its_price_for_each_night() -> None:
    [booked] = given(OPEN).when(book(5, 8)).then(RoomBooked)
    assert isinstance(booked, RoomBooked)
    assert booked.reservation_id == ANNA
    assert booked.nightly_amounts == (9_500, 9_500, 9_500)
    sold = given(*ANNA_BOOKED).house.inventory
    assert set(sold) == {("DBL", day(1)), ("DBL", day(2)), ("DBL", day(3))}
    assert set(sold.values()) == {NightCount(sold=1)}


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (book(5, 8, room_type="XXL"), RejectionCode.UNKNOWN_ROOM_TYPE),
        (book(5, 8, currency="USD"), RejectionCode.CURRENCY_MISMATCH),
        (book(5, 8, guests=3), RejectionCode.OCCUPANCY_EXCEEDED),
    ],
)
def test_a_booking_that_the_hotel_cannot_mean_is_refused(command: AnyCommand, code: RejectionCode) -> None:
    given(OPEN).when(command).then_refused(code)


def test_nobody_books_into_a_closed_date() -> None:
    given(OPEN, close(1)).when(book(1, 3)).then_refused(RejectionCode.ARRIVAL_IN_PAST, business_date="2026-12-02")


def test_the_last_room_is_sold_once_and_the_refusal_names_the_full_nights() -> None:
    full = given(OPEN, (ANNA, book(5, 8)), (BRUNO, book(6, 9)))
    full.when(book(4, 9), CARLA).then_refused(
        RejectionCode.NO_AVAILABILITY, nights=["2026-12-06", "2026-12-07"], nights_in_all=2
    )
    full.when(book(8, 10), CARLA).then(RoomBooked)


def test_an_allowance_sells_a_room_more_or_less() -> None:
    full = (OPEN, (ANNA, book(5, 6)), (BRUNO, book(5, 6)))
    given(*full, allow(1)).when(book(5, 6), CARLA).then(RoomBooked)
    given(OPEN, allow(-2)).when(book(5, 6)).then_refused(RejectionCode.NO_AVAILABILITY)


def test_a_cancelled_booking_frees_its_nights_and_its_room() -> None:
    [cancelled] = given(*ANNA_BOOKED, assign(ANNA, "101")).when(cancel(ANNA)).then(ReservationCancelled)
    assert isinstance(cancelled, ReservationCancelled)
    assert cancelled.room == "101"
    house = given(*ANNA_BOOKED, assign(ANNA, "101"), cancel(ANNA)).house
    assert {count.sold for count in house.inventory.values()} == {0}
    assert not house.calendars


def test_a_room_is_assigned_for_the_stay_and_changed_before_arrival() -> None:
    [first] = given(*ANNA_BOOKED).when(assign(ANNA, "101")).then(RoomAssigned)
    assert isinstance(first, RoomAssigned)
    assert (first.from_date, first.previous_room) == (day(1), None)
    [second] = given(*ANNA_BOOKED, assign(ANNA, "101")).when(assign(ANNA, "102")).then(RoomAssigned)
    assert isinstance(second, RoomAssigned)
    assert second.previous_room == "101"
    assert set(given(*ANNA_BOOKED, assign(ANNA, "101"), assign(ANNA, "102")).house.calendars) == {"102"}


def test_a_room_has_one_occupant_a_night_and_turn_over_days_do_not_overlap() -> None:
    house = (*ANNA_BOOKED, assign(ANNA, "101"), (BRUNO, book(3, 5)), (CARLA, book(4, 6)))
    given(*house).when(assign(BRUNO, "101")).then_refused(RejectionCode.ROOM_NOT_FREE, room="101")
    given(*house).when(assign(CARLA, "101")).then(RoomAssigned)
    later = (OPEN, (CARLA, book(4, 6)), assign(CARLA, "101"), (ANNA, book(1, 4)), (BRUNO, book(1, 5)))
    given(*later).when(assign(ANNA, "101")).then(RoomAssigned)
    given(*later).when(assign(BRUNO, "101")).then_refused(RejectionCode.ROOM_NOT_FREE)


def test_a_refused_assignment_names_the_earliest_stay_in_its_way_whichever_was_assigned_first() -> None:
    booked = (*ANNA_BOOKED, (BRUNO, book(4, 6)), (CARLA, book(1, 6)))
    for first, second in ((ANNA, BRUNO), (BRUNO, ANNA)):
        house = given(*booked, assign(first, "101"), assign(second, "101"))
        house.when(assign(CARLA, "101")).then_refused(
            RejectionCode.ROOM_NOT_FREE, **{"from": "2026-12-01", "to": "2026-12-04"}
        )


def test_a_room_of_another_type_is_given_only_when_asked_for() -> None:
    given(*ANNA_BOOKED).when(assign(ANNA, "201")).then_refused(RejectionCode.ROOM_TYPE_MISMATCH, booked="DBL")
    [assigned] = given(*ANNA_BOOKED).when(assign(ANNA, "201", other=True)).then(RoomAssigned)
    assert isinstance(assigned, RoomAssigned)
    assert (assigned.room_type, assigned.type_of_room) == ("DBL", "SUI")
    given(*ANNA_BOOKED).when(assign(ANNA, "999")).then_refused(RejectionCode.UNKNOWN_ROOM)


def test_a_guest_in_house_is_given_another_room_from_tonight_on() -> None:
    [moved] = given(*ANNA_LIVES_IN_101, close(1)).when(assign(ANNA, "102")).then(RoomAssigned)
    assert isinstance(moved, RoomAssigned)
    assert (moved.from_date, moved.previous_room, moved.in_house) == (day(2), "101", True)
    calendars = given(*ANNA_LIVES_IN_101, close(1), assign(ANNA, "102")).house.calendars
    assert {room: spans[0].occupied for room, spans in calendars.items()} == {"102": True}


def test_a_guest_checks_in_on_the_day_of_arrival_with_a_room() -> None:
    given(*ANNA_BOOKED).when(check_in(ANNA)).then_refused(RejectionCode.NO_ROOM_ASSIGNED)
    given(OPEN, (ANNA, book(2, 4)), assign(ANNA, "101")).when(check_in(ANNA)).then_refused(RejectionCode.NOT_DUE_IN)
    given(*ANNA_BOOKED, assign(ANNA, "101")).when(check_in(ANNA)).then(GuestCheckedIn)


def test_nobody_checks_into_a_room_that_is_still_lived_in() -> None:
    turning_over = (
        OPEN,
        (ANNA, book(1, 2)),
        assign(ANNA, "101"),
        check_in(ANNA),
        close(1),
        (BRUNO, book(2, 3)),
        assign(BRUNO, "101"),
    )
    given(*turning_over).when(check_in(BRUNO)).then_refused(RejectionCode.ROOM_OCCUPIED)
    given(*turning_over, check_out(ANNA)).when(check_in(BRUNO)).then(GuestCheckedIn)


def test_a_guest_who_leaves_early_frees_the_nights_not_stayed() -> None:
    [left] = given(*ANNA_LIVES_IN_101, close(1)).when(check_out(ANNA)).then(GuestCheckedOut)
    assert isinstance(left, GuestCheckedOut)
    assert left.departed_on == day(2)
    assert (left.nightly_amounts, left.freed_amounts) == ((9_500,), (9_500, 9_500))
    house = given(*ANNA_LIVES_IN_101, close(1), check_out(ANNA)).house
    assert [house.inventory["DBL", day(n)].sold for n in (1, 2, 3)] == [1, 0, 0]
    assert not house.calendars


def test_a_no_show_keeps_its_first_night() -> None:
    given(OPEN, (ANNA, book(2, 5))).when(no_show(ANNA)).then_refused(RejectionCode.TOO_EARLY_FOR_NO_SHOW)
    given(*ANNA_BOOKED).when(no_show(ANNA)).then(MarkedNoShow)
    house = given(*ANNA_BOOKED, no_show(ANNA)).house
    assert [house.inventory["DBL", day(n)].sold for n in (1, 2, 3)] == [1, 0, 0]


def test_asking_twice_changes_nothing() -> None:
    given(*ANNA_BOOKED, cancel(ANNA)).when(cancel(ANNA)).then_nothing_changes()
    given(*ANNA_BOOKED, no_show(ANNA)).when(no_show(ANNA)).then_nothing_changes()
    given(*ANNA_BOOKED, assign(ANNA, "101")).when(assign(ANNA, "101")).then_nothing_changes()
    given(*ANNA_LIVES_IN_101).when(check_in(ANNA)).then_nothing_changes()
    given(*ANNA_LIVES_IN_101, check_out(ANNA)).when(check_out(ANNA)).then_nothing_changes()


def test_tasks_that_contradict_the_state_are_refused() -> None:
    given(*ANNA_LIVES_IN_101).when(cancel(ANNA)).then_refused(RejectionCode.ALREADY_IN_HOUSE)
    given(*ANNA_LIVES_IN_101).when(no_show(ANNA)).then_refused(RejectionCode.ALREADY_IN_HOUSE)
    given(*ANNA_BOOKED).when(check_out(ANNA)).then_refused(RejectionCode.NOT_IN_HOUSE)
    for task in (check_in(ANNA), check_out(ANNA), no_show(ANNA), assign(ANNA, "101")):
        given(*ANNA_BOOKED, cancel(ANNA)).when(task).then_refused(RejectionCode.INVALID_TRANSITION, status="cancelled")
    given(OPEN).when(cancel(ANNA)).then_refused(RejectionCode.UNKNOWN_RESERVATION)
