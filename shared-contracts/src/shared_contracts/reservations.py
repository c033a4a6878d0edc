"""One room for one stay: booked, assigned, lived in, left; or cancelled, or never arrived.

Every event names the stay and what it frees, so that no reader has to call back, and ends with the tasks that are
possible from there, as the deciding side knows them.
"""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from shared_contracts.message import Command, Event, Scope
from shared_contracts.values import (
    AmountMinor,
    GuestId,
    Money,
    Party,
    ReservationId,
    RoomNumber,
    RoomTypeCode,
    StayPeriod,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookRoom(Command):
    """Book one room of a type for one stay, at one price a night. The reservation's id is the id of this command."""

    scope: ClassVar[Scope] = Scope.RESERVATIONS_WRITE

    room_type: RoomTypeCode
    stay: StayPeriod
    party: Party
    nightly_price: Money
    guest_id: GuestId


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelReservation(Command):
    """Cancel a reservation whose guest has not arrived. Asking twice changes nothing."""

    scope: ClassVar[Scope] = Scope.RESERVATIONS_WRITE

    reservation_id: ReservationId


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignRoom(Command):
    """Give a reservation a room for the rest of its stay; one of another type only when asked for."""

    scope: ClassVar[Scope] = Scope.FRONT_DESK_WRITE

    reservation_id: ReservationId
    room: RoomNumber
    allow_other_type: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInGuest(Command):
    """The guest, due in today, takes the assigned room."""

    scope: ClassVar[Scope] = Scope.FRONT_DESK_WRITE

    reservation_id: ReservationId


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOutGuest(Command):
    """The guest leaves today, on the day of departure or earlier."""

    scope: ClassVar[Scope] = Scope.FRONT_DESK_WRITE

    reservation_id: ReservationId


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkNoShow(Command):
    """The guest was due in and did not come; the first night stays sold."""

    scope: ClassVar[Scope] = Scope.FRONT_DESK_WRITE

    reservation_id: ReservationId


@dataclass(frozen=True, slots=True, kw_only=True)
class PossibleTask:
    """A task on a reservation: done on the business dates ``[opens, closes]`` (none is open-ended), else ``refusal``.

    Without ``refusal`` it is possible on any date; with a ``refusal`` and neither date, on none.
    """

    task: str
    refusal: str | None = None
    opens: date | None = None
    closes: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomBooked(Event):
    """A room of the type is sold for each night, at the amounts named, one a night."""

    reservation_id: ReservationId
    room_type: str
    stay: StayPeriod
    party: Party
    guest_id: GuestId
    currency: str
    nightly_amounts: tuple[AmountMinor, ...]
    tasks: tuple[PossibleTask, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationCancelled(Event):
    """All nights of the stay are free again, and so is ``room`` if one was assigned."""

    reservation_id: ReservationId
    room_type: str
    stay: StayPeriod
    room: str | None
    tasks: tuple[PossibleTask, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomAssigned(Event):
    """``room`` is promised for the nights ``[from_date, stay.departure)``; ``previous_room`` is free for them again."""

    reservation_id: ReservationId
    room_type: str
    stay: StayPeriod
    room: str
    type_of_room: str
    from_date: date
    previous_room: str | None
    in_house: bool
    tasks: tuple[PossibleTask, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestCheckedIn(Event):
    """The guest lives in ``room``."""

    reservation_id: ReservationId
    room_type: str
    stay: StayPeriod
    party: Party
    guest_id: GuestId
    room: str
    currency: str
    nightly_amounts: tuple[AmountMinor, ...]
    tasks: tuple[PossibleTask, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestCheckedOut(Event):
    """The guest left on ``departed_on``; the nights ``[departed_on, stay.departure)``, if any, are free again.

    ``nightly_amounts`` are those of the nights stayed.
    """

    reservation_id: ReservationId
    room_type: str
    stay: StayPeriod
    party: Party
    guest_id: GuestId
    departed_on: date
    room: str
    currency: str
    nightly_amounts: tuple[AmountMinor, ...]
    freed_amounts: tuple[AmountMinor, ...]
    tasks: tuple[PossibleTask, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedNoShow(Event):
    """The night of arrival stays sold; the nights ``[released_from, stay.departure)`` and ``room`` are free again."""

    reservation_id: ReservationId
    room_type: str
    stay: StayPeriod
    released_from: date
    room: str | None
    tasks: tuple[PossibleTask, ...]


ReservationEvent = RoomBooked | ReservationCancelled | RoomAssigned | GuestCheckedIn | GuestCheckedOut | MarkedNoShow
"""The events of one reservation."""
