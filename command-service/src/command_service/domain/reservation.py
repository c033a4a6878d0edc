"""The life of a reservation: its states, and which task leads from which to which.

This file owns every transition. A task that the table does not list for a state is refused with the code beside it:

    Confirmed  --CheckInGuest-->      InHouse     due in today, a room assigned and empty
    Confirmed  --CancelReservation--> Cancelled
    Confirmed  --MarkNoShow-->        NoShow      not before the business date of arrival
    InHouse    --CheckOutGuest-->     CheckedOut
    Confirmed, InHouse --AssignRoom-> the same state
"""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from command_service.domain.rejected import Rejected
from command_service.domain.room import RoomSpan
from shared_contracts.message import task_of
from shared_contracts.rejections import RejectionCode
from shared_contracts.reservations import (
    AssignRoom,
    CancelReservation,
    CheckInGuest,
    CheckOutGuest,
    MarkNoShow,
    PossibleTask,
)
from shared_contracts.values import Party, StayPeriod


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """What was sold, snapshotted: it never changes afterwards."""

    id: UUID
    room_type: str
    stay: StayPeriod
    party: Party
    guest_id: UUID
    currency: str
    nightly_amounts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Sold, not arrived; perhaps with a room."""

    booking: Booking
    span: RoomSpan | None = None


@dataclass(frozen=True, slots=True)
class InHouse:
    """Living in the room of its span."""

    booking: Booking
    span: RoomSpan


@dataclass(frozen=True, slots=True)
class CheckedOut:
    """Left, with the nights before ``departed_on`` stayed."""

    booking: Booking
    departed_on: date


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Called off before arrival."""

    booking: Booking


@dataclass(frozen=True, slots=True)
class NoShow:
    """Never came."""

    booking: Booking


Reservation = Confirmed | InHouse | CheckedOut | Cancelled | NoShow
ReservationTask = CancelReservation | AssignRoom | CheckInGuest | CheckOutGuest | MarkNoShow

_TASKS: Final = (CancelReservation, AssignRoom, CheckInGuest, CheckOutGuest, MarkNoShow)

STATUS: Final[dict[type[Reservation], str]] = {
    Confirmed: "confirmed",
    InHouse: "in_house",
    CheckedOut: "checked_out",
    Cancelled: "cancelled",
    NoShow: "no_show",
}

LEGAL: Final[dict[tuple[type[Reservation], type[ReservationTask]], type[Reservation]]] = {
    (Confirmed, AssignRoom): Confirmed,
    (Confirmed, CancelReservation): Cancelled,
    (Confirmed, CheckInGuest): InHouse,
    (Confirmed, MarkNoShow): NoShow,
    (InHouse, AssignRoom): InHouse,
    (InHouse, CheckOutGuest): CheckedOut,
}

DONE_ALREADY: Final[frozenset[tuple[type[Reservation], type[ReservationTask]]]] = frozenset(
    {(Cancelled, CancelReservation), (NoShow, MarkNoShow), (InHouse, CheckInGuest), (CheckedOut, CheckOutGuest)},
)
"""Asking twice is not an error: nothing happens."""

_REFUSALS: Final[dict[tuple[type[Reservation], type[ReservationTask]], RejectionCode]] = {
    (Confirmed, CheckOutGuest): RejectionCode.NOT_IN_HOUSE,
    (InHouse, CancelReservation): RejectionCode.ALREADY_IN_HOUSE,
    (InHouse, MarkNoShow): RejectionCode.ALREADY_IN_HOUSE,
}


def refuse_transition(state: Reservation, task: type[ReservationTask]) -> Rejected | None:
    """Why the table has no such way from this state; nothing where it has, or where it was gone before."""
    here = (type(state), task)
    if here in LEGAL or here in DONE_ALREADY:
        return None
    return Rejected(_REFUSALS.get(here, RejectionCode.INVALID_TRANSITION), {"status": status_of(state)})


def is_done_already(state: Reservation, task: type[ReservationTask]) -> bool:
    """Whether the task was done before, so that nothing is left to do."""
    return (type(state), task) in DONE_ALREADY


def refuse_check_in_date(state: Confirmed, business_date: date) -> Rejected | None:
    """A guest checks in on the business date of arrival only."""
    arrival = state.booking.stay.arrival
    if arrival == business_date:
        return None
    return Rejected(RejectionCode.NOT_DUE_IN, {"arrival": arrival.isoformat(), "today": business_date.isoformat()})


def refuse_no_show_date(state: Confirmed, business_date: date) -> Rejected | None:
    """A guest is not missing before the business date of arrival."""
    arrival = state.booking.stay.arrival
    if arrival <= business_date:
        return None
    return Rejected(RejectionCode.TOO_EARLY_FOR_NO_SHOW, {"arrival": arrival.isoformat()})


def status_of(state: Reservation) -> str:
    """The state's public name."""
    return STATUS[type(state)]


def possible_tasks(state: Reservation) -> tuple[PossibleTask, ...]:
    """What may be asked next and when, for readers that know no rules; agrees with ``decide`` on every date.

    A task done before is left out. Whether a room is free is not foreseen.
    """
    return tuple(_possible(state, task) for task in _TASKS if not is_done_already(state, task))


def _possible(state: Reservation, task: type[ReservationTask]) -> PossibleTask:
    name = task_of(task)
    if refused := refuse_transition(state, task):
        return PossibleTask(task=name, refusal=refused.code)
    arrival = state.booking.stay.arrival
    match state, task:
        case Confirmed(span=None), _ if task is CheckInGuest:
            return PossibleTask(task=name, refusal=RejectionCode.NO_ROOM_ASSIGNED)
        case Confirmed(), _ if task is CheckInGuest:
            return PossibleTask(task=name, refusal=RejectionCode.NOT_DUE_IN, opens=arrival, closes=arrival)
        case Confirmed(), _ if task is MarkNoShow:
            return PossibleTask(task=name, refusal=RejectionCode.TOO_EARLY_FOR_NO_SHOW, opens=arrival)
        case _:
            return PossibleTask(task=name)
