"""Decisions on the hotel itself: opening it, its allowances, and the close of a business date."""

from datetime import timedelta

from command_service.domain import inventory
from command_service.domain.decider import Decision
from command_service.domain.hotel import NotOpened, OpenedHotel
from command_service.domain.house import House
from command_service.domain.rejected import Rejected
from command_service.domain.reservation import Confirmed, InHouse
from command_service.domain.reservation_decisions import no_show
from shared_contracts.hotels import BusinessDateClosed, CloseBusinessDate, HotelOpened, OpenHotel
from shared_contracts.inventory import OverbookingAllowanceSet, SetOverbookingAllowance
from shared_contracts.rejections import RejectionCode
from shared_contracts.values import nights_between

MAX_UNRESOLVED_IN_FACTS = 50


def open_hotel(house: House, command: OpenHotel) -> Decision:
    """A hotel is opened once."""
    if not isinstance(house.hotel, NotOpened):
        return Rejected(RejectionCode.HOTEL_ALREADY_OPEN)
    return (
        HotelOpened(
            name=command.name,
            time_zone=command.time_zone,
            currency=command.currency,
            business_date=command.business_date,
            room_types=command.room_types,
        ),
    )


def set_allowance(house: House, hotel: OpenedHotel, command: SetOverbookingAllowance) -> Decision:
    """A night's allowance is not lowered below what is sold, nor past the rooms there are."""
    room_type = hotel.room_types.get(command.room_type)
    if room_type is None:
        return Rejected(RejectionCode.UNKNOWN_ROOM_TYPE, {"room_type": command.room_type})
    if command.from_date < hotel.business_date:
        return Rejected(RejectionCode.BUSINESS_DATE_CLOSED, {"business_date": hotel.business_date.isoformat()})
    physical = len(room_type.rooms)
    if command.value < -physical:
        return Rejected(RejectionCode.ALLOWANCE_BELOW_PHYSICAL, {"physical": physical})
    nights = nights_between(command.from_date, command.to_date)
    if refused := inventory.refuse_oversold(house.inventory, command.room_type, physical, nights, command.value):
        return refused
    return (
        OverbookingAllowanceSet(
            room_type=command.room_type,
            from_date=command.from_date,
            to_date=command.to_date,
            value=command.value,
        ),
    )


def close_business_date(house: House, hotel: OpenedHotel, command: CloseBusinessDate) -> Decision:
    """Nobody due out may still be in house; who was due in and is not becomes a no-show; the next date begins."""
    today = hotel.business_date
    if command.business_date != today:
        return Rejected(RejectionCode.WRONG_BUSINESS_DATE, {"business_date": today.isoformat()})
    expected = [r for r in house.reservations.values() if isinstance(r, Confirmed) and r.booking.stay.arrival <= today]
    due_out = [r for r in house.reservations.values() if isinstance(r, InHouse) and r.booking.stay.departure <= today]
    if due_out:
        named = sorted(str(state.booking.id) for state in due_out)
        return Rejected(
            RejectionCode.DEPARTURES_UNRESOLVED,
            {"reservations": named[:MAX_UNRESOLVED_IN_FACTS], "reservations_in_all": len(named)},
        )
    missing = sorted(expected, key=lambda state: state.booking.id)
    return (
        *(no_show(state) for state in missing),
        BusinessDateClosed(closed=today, business_date=today + timedelta(days=1)),
    )
