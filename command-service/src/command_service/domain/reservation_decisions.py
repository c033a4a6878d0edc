"""Decisions on one reservation. Each guards first and ends with what changed."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from command_service.domain import inventory, room
from command_service.domain.decider import Decision
from command_service.domain.hotel import OpenedHotel
from command_service.domain.house import House
from command_service.domain.rejected import Rejected
from command_service.domain.reservation import (
    Booking,
    Cancelled,
    CheckedOut,
    Confirmed,
    InHouse,
    NoShow,
    possible_tasks,
    refuse_check_in_date,
    refuse_no_show_date,
)
from shared_contracts.rejections import RejectionCode
from shared_contracts.reservations import (
    AssignRoom,
    BookRoom,
    GuestCheckedIn,
    GuestCheckedOut,
    MarkedNoShow,
    ReservationCancelled,
    RoomAssigned,
    RoomBooked,
)


def book_room(house: House, hotel: OpenedHotel, reservation_id: UUID, command: BookRoom) -> Decision:
    """A room of the type must be left on every night of the stay."""
    room_type = hotel.room_types.get(command.room_type)
    if room_type is None:
        return Rejected(RejectionCode.UNKNOWN_ROOM_TYPE, {"room_type": command.room_type})
    if command.nightly_price.currency != hotel.currency:
        return Rejected(RejectionCode.CURRENCY_MISMATCH, {"currency": hotel.currency})
    if command.stay.arrival < hotel.business_date:
        return Rejected(RejectionCode.ARRIVAL_IN_PAST, {"business_date": hotel.business_date.isoformat()})
    if command.party.size > room_type.max_occupancy:
        return Rejected(RejectionCode.OCCUPANCY_EXCEEDED, {"max_occupancy": room_type.max_occupancy})
    nights = command.stay.nights
    if refused := inventory.refuse_full(house.inventory, command.room_type, len(room_type.rooms), nights):
        return refused
    booking = Booking(
        id=reservation_id,
        room_type=command.room_type,
        stay=command.stay,
        party=command.party,
        guest_id=command.guest_id,
        currency=hotel.currency,
        nightly_amounts=(command.nightly_price.amount_minor,) * len(nights),
    )
    return (
        RoomBooked(
            reservation_id=reservation_id,
            room_type=booking.room_type,
            stay=booking.stay,
            party=booking.party,
            guest_id=booking.guest_id,
            currency=booking.currency,
            nightly_amounts=booking.nightly_amounts,
            tasks=possible_tasks(Confirmed(booking)),
        ),
    )


def cancel(state: Confirmed) -> Decision:
    """All nights come back."""
    booking = state.booking
    return (
        ReservationCancelled(
            reservation_id=booking.id,
            room_type=booking.room_type,
            stay=booking.stay,
            room=state.span.room if state.span else None,
            tasks=possible_tasks(Cancelled(booking)),
        ),
    )


def assign_room(house: House, hotel: OpenedHotel, state: Confirmed | InHouse, command: AssignRoom) -> Decision:
    """The room must be free for what is left of the stay, and of the booked type unless another was asked for."""
    booking = state.booking
    type_of_room = hotel.type_of_room.get(command.room)
    if type_of_room is None:
        return Rejected(RejectionCode.UNKNOWN_ROOM, {"room": command.room})
    if type_of_room != booking.room_type and not command.allow_other_type:
        return Rejected(RejectionCode.ROOM_TYPE_MISMATCH, {"booked": booking.room_type, "room_is": type_of_room})
    if state.span is not None and state.span.room == command.room:
        return ()
    lives_there = isinstance(state, InHouse)
    from_date = max(booking.stay.arrival, hotel.business_date)
    span = room.RoomSpan(command.room, from_date, booking.stay.departure, booking.id, lives_there)
    if taken := room.taken_by(house.calendars, span):
        nights = {"from": taken.from_date.isoformat(), "to": taken.to_date.isoformat()}
        return Rejected(RejectionCode.ROOM_NOT_FREE, {"room": command.room, **nights})
    if lives_there and room.occupied_by(house.calendars, span):
        return Rejected(RejectionCode.ROOM_OCCUPIED, {"room": command.room})
    return (
        RoomAssigned(
            reservation_id=booking.id,
            room_type=booking.room_type,
            stay=booking.stay,
            room=command.room,
            type_of_room=type_of_room,
            from_date=from_date,
            previous_room=state.span.room if state.span else None,
            in_house=lives_there,
            tasks=possible_tasks(replace(state, span=span)),
        ),
    )


def check_in(house: House, hotel: OpenedHotel, state: Confirmed) -> Decision:
    """Due in today, with a room that nobody lives in any more."""
    if state.span is None:
        return Rejected(RejectionCode.NO_ROOM_ASSIGNED)
    if refused := refuse_check_in_date(state, hotel.business_date):
        return refused
    if room.occupied_by(house.calendars, state.span):
        return Rejected(RejectionCode.ROOM_OCCUPIED, {"room": state.span.room})
    booking = state.booking
    return (
        GuestCheckedIn(
            reservation_id=booking.id,
            room_type=booking.room_type,
            stay=booking.stay,
            party=booking.party,
            guest_id=booking.guest_id,
            room=state.span.room,
            currency=booking.currency,
            nightly_amounts=booking.nightly_amounts,
            tasks=possible_tasks(InHouse(booking, state.span)),
        ),
    )


def check_out(hotel: OpenedHotel, state: InHouse) -> Decision:
    """On the day of departure or before it; the nights not stayed come back."""
    booking = state.booking
    departed_on = min(hotel.business_date, booking.stay.departure)
    stayed = (departed_on - booking.stay.arrival).days
    return (
        GuestCheckedOut(
            reservation_id=booking.id,
            room_type=booking.room_type,
            stay=booking.stay,
            party=booking.party,
            guest_id=booking.guest_id,
            departed_on=departed_on,
            room=state.span.room,
            currency=booking.currency,
            nightly_amounts=booking.nightly_amounts[:stayed],
            freed_amounts=booking.nightly_amounts[stayed:],
            tasks=possible_tasks(CheckedOut(booking, departed_on)),
        ),
    )


def mark_no_show(state: Confirmed, business_date: date) -> Decision:
    """Not before the business date of arrival."""
    return refuse_no_show_date(state, business_date) or (no_show(state),)


def no_show(state: Confirmed) -> MarkedNoShow:
    """The first night stays sold, the others and the room come back."""
    booking = state.booking
    return MarkedNoShow(
        reservation_id=booking.id,
        room_type=booking.room_type,
        stay=booking.stay,
        released_from=booking.stay.arrival + timedelta(days=1),
        room=state.span.room if state.span else None,
        tasks=possible_tasks(NoShow(booking)),
    )
