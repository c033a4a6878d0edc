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
from functools import lru_cache
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

ANSWERS_REMEMBERED: Final = 1_024
_TASKS: Final = (CancelReservation, AssignRoom, CheckInGuest, CheckOutGuest, MarkNoShow)

STATUS: Final[dict[type[Reservation], str]] = {
    Confirmed: "confirmed",
    InHouse: "in_house",
    CheckedOut: "checked_out",
    Cancelled: "cancelled",
    NoShow: "no_show",
}
_STATES: Final = {status: state for state, status in STATUS.items()}

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
    code = _refusal(type(state), task)
    return None if code is None else Rejected(code, {"status": status_of(state)})


def _refusal(state: type[Reservation], task: type[ReservationTask]) -> RejectionCode | None:
    if (state, task) in LEGAL or (state, task) in DONE_ALREADY:
        return None
    return _REFUSALS.get((state, task), RejectionCode.INVALID_TRANSITION)


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
    has_room = isinstance(state, Confirmed | InHouse) and state.span is not None
    return _possible_tasks(status_of(state), state.booking.stay.arrival, has_room=has_room)


@lru_cache(ANSWERS_REMEMBERED)
def _possible_tasks(status: str, arrival: date, *, has_room: bool) -> tuple[PossibleTask, ...]:
    """Nothing else decides about the tasks, so that the reservations of a date share one answer."""
    state = _STATES[status]
    tasks = (task for task in _TASKS if (state, task) not in DONE_ALREADY)
    return tuple(_possible(state, task, arrival, has_room=has_room) for task in tasks)


def _possible(state: type[Reservation], task: type[ReservationTask], arrival: date, *, has_room: bool) -> PossibleTask:
    name = task_of(task)
    if refusal := _refusal(state, task):
        return PossibleTask(task=name, refusal=refusal)
    if task is CheckInGuest and not has_room:
        return PossibleTask(task=name, refusal=RejectionCode.NO_ROOM_ASSIGNED)
    if task is CheckInGuest:
        return PossibleTask(task=name, refusal=RejectionCode.NOT_DUE_IN, opens=arrival, closes=arrival)
    if task is MarkNoShow:
        return PossibleTask(task=name, refusal=RejectionCode.TOO_EARLY_FOR_NO_SHOW, opens=arrival)
    return PossibleTask(task=name)
