"""The closed unions of all commands and all events, and the tables by name that follow from them."""

from typing import Final, get_args

from shared_contracts.hotels import BusinessDateClosed, CloseBusinessDate, HotelOpened, OpenHotel
from shared_contracts.inventory import OverbookingAllowanceSet, SetOverbookingAllowance
from shared_contracts.message import task_of
from shared_contracts.reservations import (
    AssignRoom,
    BookRoom,
    CancelReservation,
    CheckInGuest,
    CheckOutGuest,
    GuestCheckedIn,
    GuestCheckedOut,
    MarkedNoShow,
    MarkNoShow,
    ReservationCancelled,
    RoomAssigned,
    RoomBooked,
)

AnyCommand = (
    OpenHotel
    | CloseBusinessDate
    | SetOverbookingAllowance
    | BookRoom
    | CancelReservation
    | AssignRoom
    | CheckInGuest
    | CheckOutGuest
    | MarkNoShow
)
AnyEvent = (
    HotelOpened
    | BusinessDateClosed
    | OverbookingAllowanceSet
    | RoomBooked
    | ReservationCancelled
    | RoomAssigned
    | GuestCheckedIn
    | GuestCheckedOut
    | MarkedNoShow
)

COMMANDS: Final[dict[str, type[AnyCommand]]] = {task_of(command): command for command in get_args(AnyCommand)}
TASKS: Final = {command: task for task, command in COMMANDS.items()}
EVENTS: Final[dict[str, type[AnyEvent]]] = {event.__name__: event for event in get_args(AnyEvent)}
