"""What a command needs to be decided, so that the shell can load just that for a whole batch."""

from dataclasses import dataclass
from datetime import date
from typing import assert_never
from uuid import UUID

from command_service.domain.inventory import TypeNight
from command_service.domain.reservation import Booking, Confirmed, InHouse, Reservation
from shared_contracts.catalog import AnyCommand
from shared_contracts.hotels import CloseBusinessDate, OpenHotel
from shared_contracts.inventory import SetOverbookingAllowance
from shared_contracts.reservations import (
    AssignRoom,
    BookRoom,
    CancelReservation,
    CheckInGuest,
    CheckOutGuest,
    MarkNoShow,
)
from shared_contracts.values import nights_between


@dataclass(frozen=True, slots=True)
class Needs:
    """Besides the hotel: reservations by id or all that are due by a date, counts of nights, calendars of rooms.

    What the reservations themselves bring along (``night_keys``, ``room_of``) is needed too.
    """

    reservation_id: UUID | None = None
    due_by: date | None = None
    nights: tuple[TypeNight, ...] = ()
    room: str | None = None


NOTHING = Needs()


def needs(command: AnyCommand) -> Needs:
    """What deciding the command looks at."""
    match command:
        case OpenHotel():
            return NOTHING
        case SetOverbookingAllowance(room_type=code, from_date=first, to_date=until):
            return Needs(nights=tuple((code, night) for night in nights_between(first, until)))
        case BookRoom(room_type=code, stay=stay):
            return Needs(nights=tuple((code, night) for night in stay.nights))
        case CloseBusinessDate(business_date=today):
            return Needs(due_by=today)
        case AssignRoom(reservation_id=reservation_id, room=room):
            return Needs(reservation_id=reservation_id, room=room)
        case (
            CancelReservation(reservation_id=reservation_id)
            | CheckInGuest(reservation_id=reservation_id)
            | CheckOutGuest(reservation_id=reservation_id)
            | MarkNoShow(reservation_id=reservation_id)
        ):
            return Needs(reservation_id=reservation_id)
        case _:
            assert_never(command)


def night_keys(booking: Booking) -> tuple[TypeNight, ...]:
    """The counts that a reservation may give back."""
    return tuple((booking.room_type, night) for night in booking.stay.nights)


def room_of(reservation: Reservation) -> str | None:
    """The room whose calendar a reservation is in."""
    match reservation:
        case Confirmed(span=span) | InHouse(span=span) if span is not None:
            return span.room
        case _:
            return None
