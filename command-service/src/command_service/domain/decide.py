"""Which decision belongs to which command; the type checker names a command that has none."""

from typing import assert_never

from command_service.domain import hotel_decisions, reservation_decisions
from command_service.domain.decider import Decision, Issued
from command_service.domain.hotel import NotOpened, OpenedHotel
from command_service.domain.house import House
from command_service.domain.rejected import Rejected
from command_service.domain.reservation import (
    Cancelled,
    CheckedOut,
    Confirmed,
    InHouse,
    NoShow,
    ReservationTask,
    is_done_already,
    refuse_transition,
)
from shared_contracts.hotels import CloseBusinessDate, OpenHotel
from shared_contracts.inventory import SetOverbookingAllowance
from shared_contracts.rejections import RejectionCode
from shared_contracts.reservations import (
    AssignRoom,
    BookRoom,
    CancelReservation,
    CheckInGuest,
    CheckOutGuest,
    MarkNoShow,
)


def decide(house: House, issued: Issued) -> Decision:
    """What the command changes, or why not. Pure; ``house`` holds at least what the command ``needs``."""
    command = issued.command
    if isinstance(command, OpenHotel):
        return hotel_decisions.open_hotel(house, command)
    if isinstance(house.hotel, NotOpened):
        return Rejected(RejectionCode.UNKNOWN_HOTEL)
    match command:
        case BookRoom():
            return reservation_decisions.book_room(house, house.hotel, issued.id, command)
        case SetOverbookingAllowance():
            return hotel_decisions.set_allowance(house, house.hotel, command)
        case CloseBusinessDate():
            return hotel_decisions.close_business_date(house, house.hotel, command)
        case CancelReservation() | AssignRoom() | CheckInGuest() | CheckOutGuest() | MarkNoShow():
            return _decide_on_reservation(house, house.hotel, command)
        case _:
            assert_never(command)


def _decide_on_reservation(house: House, hotel: OpenedHotel, command: ReservationTask) -> Decision:
    state = house.reservations.get(command.reservation_id)
    if state is None:
        return Rejected(RejectionCode.UNKNOWN_RESERVATION)
    if refused := refuse_transition(state, type(command)):
        return refused
    if is_done_already(state, type(command)):
        return ()
    match state:
        case Confirmed():
            return _decide_on_confirmed(house, hotel, state, command)
        case InHouse():
            return _decide_on_in_house(house, hotel, state, command)
        case CheckedOut() | Cancelled() | NoShow():
            raise AssertionError(f"the table lets nothing happen in {type(state).__name__}")
        case _:
            assert_never(state)


def _decide_on_confirmed(house: House, hotel: OpenedHotel, state: Confirmed, command: ReservationTask) -> Decision:
    match command:
        case CancelReservation():
            return reservation_decisions.cancel(state)
        case AssignRoom():
            return reservation_decisions.assign_room(house, hotel, state, command)
        case CheckInGuest():
            return reservation_decisions.check_in(house, hotel, state)
        case MarkNoShow():
            return reservation_decisions.mark_no_show(state, hotel.business_date)
        case CheckOutGuest():
            raise AssertionError("the table lets nobody check out who is not in house")
        case _:
            assert_never(command)


def _decide_on_in_house(house: House, hotel: OpenedHotel, state: InHouse, command: ReservationTask) -> Decision:
    match command:
        case AssignRoom():
            return reservation_decisions.assign_room(house, hotel, state, command)
        case CheckOutGuest():
            return reservation_decisions.check_out(hotel, state)
        case CancelReservation() | CheckInGuest() | MarkNoShow():
            raise AssertionError("the table lets only these two happen to who is in house")
        case _:
            assert_never(command)
