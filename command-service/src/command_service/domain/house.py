"""What one hotel's rules decide upon, and how each event changes it.

A house may hold a part only: whoever decides a command fills in what the command ``needs``. What is absent then does
not exist, or is zero.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never
from uuid import UUID

from immutables import Map

from command_service.domain.hotel import NOT_OPENED, Hotel, OpenedHotel, opened
from command_service.domain.inventory import Inventory, allow, give_back, take
from command_service.domain.reservation import (
    Booking,
    Cancelled,
    CheckedOut,
    Confirmed,
    InHouse,
    NoShow,
    Reservation,
)
from command_service.domain.room import Calendars, RoomSpan, free, put
from shared_contracts.catalog import AnyEvent
from shared_contracts.hotels import BusinessDateClosed, HotelOpened
from shared_contracts.inventory import OverbookingAllowanceSet
from shared_contracts.reservations import (
    GuestCheckedIn,
    GuestCheckedOut,
    MarkedNoShow,
    ReservationCancelled,
    RoomAssigned,
    RoomBooked,
)
from shared_contracts.values import nights_between


@dataclass(frozen=True, slots=True)
class House:
    """One hotel: itself, its reservations, what is sold of each type and night, and who has which room."""

    hotel: Hotel = NOT_OPENED
    reservations: Map[UUID, Reservation] = Map()  # noqa: RUF009  # immutable
    inventory: Inventory = Map()  # noqa: RUF009
    calendars: Calendars = Map()  # noqa: RUF009


def evolve(house: House, event: AnyEvent) -> House:
    """The house after the event. Total for every event that ``decide`` gave from this house."""
    match event:
        case HotelOpened():
            hotel = opened(event.name, event.time_zone, event.currency, event.business_date, event.room_types)
            return replace(house, hotel=hotel)
        case BusinessDateClosed():
            return replace(house, hotel=replace(_opened(house), business_date=event.business_date))
        case OverbookingAllowanceSet():
            nights = nights_between(event.from_date, event.to_date)
            return replace(house, inventory=allow(house.inventory, event.room_type, nights, event.value))
        case RoomBooked():
            return _booked(house, event)
        case RoomAssigned():
            return _assigned(house, event)
        case GuestCheckedIn():
            return _checked_in(house, event)
        case ReservationCancelled():
            cancelled = Cancelled(house.reservations[event.reservation_id].booking)
            return _left(house, event, cancelled, event.stay.nights)
        case MarkedNoShow():
            missing = NoShow(house.reservations[event.reservation_id].booking)
            return _left(house, event, missing, nights_between(event.released_from, event.stay.departure))
        case GuestCheckedOut():
            gone = CheckedOut(house.reservations[event.reservation_id].booking, event.departed_on)
            return _left(house, event, gone, nights_between(event.departed_on, event.stay.departure))
        case _:
            assert_never(event)


def _opened(house: House) -> OpenedHotel:
    assert isinstance(house.hotel, OpenedHotel), "only an opened hotel has events"  # noqa: S101
    return house.hotel


def _booked(house: House, event: RoomBooked) -> House:
    booking = Booking(
        id=event.reservation_id,
        room_type=event.room_type,
        stay=event.stay,
        party=event.party,
        guest_id=event.guest_id,
        currency=event.currency,
        nightly_amounts=event.nightly_amounts,
    )
    return replace(
        house,
        reservations=house.reservations.set(booking.id, Confirmed(booking)),
        inventory=take(house.inventory, event.room_type, event.stay.nights),
    )


def _assigned(house: House, event: RoomAssigned) -> House:
    before = house.reservations[event.reservation_id]
    assert isinstance(before, Confirmed | InHouse), "only these are given rooms"  # noqa: S101
    span = RoomSpan(
        event.room, event.from_date, event.stay.departure, event.reservation_id, isinstance(before, InHouse)
    )
    return replace(
        house,
        reservations=house.reservations.set(event.reservation_id, replace(before, span=span)),
        calendars=put(free(house.calendars, before.span), span),
    )


def _checked_in(house: House, event: GuestCheckedIn) -> House:
    before = house.reservations[event.reservation_id]
    assert isinstance(before, Confirmed), "only who is expected checks in"  # noqa: S101
    assert before.span is not None, "nobody checks in without a room"  # noqa: S101
    span = replace(before.span, occupied=True)
    return replace(
        house,
        reservations=house.reservations.set(event.reservation_id, InHouse(before.booking, span)),
        calendars=put(house.calendars, span),
    )


def _left(
    house: House,
    event: ReservationCancelled | MarkedNoShow | GuestCheckedOut,
    after: Reservation,
    freed: tuple[date, ...],
) -> House:
    before = house.reservations[event.reservation_id]
    span = before.span if isinstance(before, Confirmed | InHouse) else None
    return replace(
        house,
        reservations=house.reservations.set(event.reservation_id, after),
        inventory=give_back(house.inventory, event.room_type, freed),
        calendars=free(house.calendars, span),
    )
