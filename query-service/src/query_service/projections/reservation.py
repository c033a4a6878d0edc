"""A reservation with all that became of it, and the tasks that its last event says are possible from there."""

from collections.abc import Sequence
from functools import partial
from typing import Final, NotRequired, TypedDict, assert_never
from uuid import UUID

from query_service.projections.projection import Change, Projection, Stored, there
from shared_contracts.envelope import EventEnvelope
from shared_contracts.hotels import BusinessDateClosed, HotelOpened
from shared_contracts.inventory import OverbookingAllowanceSet
from shared_contracts.reservations import (
    GuestCheckedIn,
    GuestCheckedOut,
    MarkedNoShow,
    PossibleTask,
    ReservationCancelled,
    RoomAssigned,
    RoomBooked,
)

TIMELINE_FIRST: Final = 20
TIMELINE_LAST: Final = 80


class RoomOfStay(TypedDict):
    """A room for the nights ``[from_date, to_date)``."""

    room: str
    room_type: str
    from_date: str
    to_date: str


class Task(TypedDict):
    """As the event told it; what is absent is none."""

    task: str
    refusal: NotRequired[str]
    opens: NotRequired[str]
    closes: NotRequired[str]


class Entry(TypedDict):
    """One event of the timeline; ``at`` is a UTC instant."""

    position: int
    at: str
    what: str
    principal: str


class ReservationDocument(Stored):
    """``_id`` is ``<hotel>/<reservation>``; ``nightly_amounts``: of the nights booked, or, once left, stayed."""

    reservation_id: str
    status: str
    room_type: str
    arrival: str
    departure: str
    departed_on: str | None
    adults: int
    children: int
    guest_id: str
    currency: str
    nightly_amounts: Sequence[int]
    rooms: list[RoomOfStay]
    tasks: list[Task]
    timeline: list[Entry]
    timeline_omitted: int


def changes(envelope: EventEnvelope) -> tuple[Change, ...]:
    """The reservation that the event is about."""
    event = envelope.body
    match event:
        case RoomBooked():
            return _of(envelope, event.reservation_id, partial(_booked, envelope, event))
        case RoomAssigned():
            return _of(envelope, event.reservation_id, partial(_assigned, envelope, event))
        case GuestCheckedIn():
            return _of(envelope, event.reservation_id, partial(_became, envelope, "in_house", event.tasks))
        case ReservationCancelled():
            return _of(envelope, event.reservation_id, partial(_never_came, envelope, "cancelled", event.tasks))
        case MarkedNoShow():
            return _of(envelope, event.reservation_id, partial(_never_came, envelope, "no_show", event.tasks))
        case GuestCheckedOut():
            return _of(envelope, event.reservation_id, partial(_left, envelope, event))
        case HotelOpened() | BusinessDateClosed() | OverbookingAllowanceSet():
            return ()
        case _:
            assert_never(event)


def reservation_key(hotel_id: str, reservation_id: UUID) -> str:
    """The id of a reservation's document."""
    return f"{hotel_id}/{reservation_id}"


def _of(envelope: EventEnvelope, reservation_id: UUID, change: partial[ReservationDocument]) -> tuple[Change, ...]:
    return ((reservation_key(envelope.hotel_id, reservation_id), change),)


def _booked(envelope: EventEnvelope, event: RoomBooked, _: ReservationDocument | None) -> ReservationDocument:
    return {
        "_id": reservation_key(envelope.hotel_id, event.reservation_id),
        "hotel_id": envelope.hotel_id,
        "position": envelope.position,
        "reservation_id": str(event.reservation_id),
        "status": "confirmed",
        "room_type": event.room_type,
        "arrival": event.stay.arrival.isoformat(),
        "departure": event.stay.departure.isoformat(),
        "departed_on": None,
        "adults": event.party.adults,
        "children": event.party.children,
        "guest_id": str(event.guest_id),
        "currency": event.currency,
        "nightly_amounts": event.nightly_amounts,
        "rooms": [],
        "tasks": _tasks(event.tasks),
        "timeline": [_entry(envelope)],
        "timeline_omitted": 0,
    }


def _assigned(
    envelope: EventEnvelope, event: RoomAssigned, document: ReservationDocument | None
) -> ReservationDocument:
    after = _became(envelope, "in_house" if event.in_house else "confirmed", event.tasks, document)
    start = event.from_date.isoformat()
    room: RoomOfStay = {
        "room": event.room,
        "room_type": event.type_of_room,
        "from_date": start,
        "to_date": event.stay.departure.isoformat(),
    }
    return {**after, "rooms": [*_until(after["rooms"], start), room]}


def _never_came(
    envelope: EventEnvelope, status: str, tasks: tuple[PossibleTask, ...], document: ReservationDocument | None
) -> ReservationDocument:
    return {**_became(envelope, status, tasks, document), "rooms": []}


def _left(envelope: EventEnvelope, event: GuestCheckedOut, document: ReservationDocument | None) -> ReservationDocument:
    after = _became(envelope, "checked_out", event.tasks, document)
    end = event.departed_on.isoformat()
    return {
        **after,
        "departed_on": end,
        "nightly_amounts": event.nightly_amounts,
        "rooms": _until(after["rooms"], end),
    }


def _became(
    envelope: EventEnvelope, status: str, tasks: tuple[PossibleTask, ...], document: ReservationDocument | None
) -> ReservationDocument:
    before: ReservationDocument = there(document, "the reservation")
    timeline, omitted = [*before["timeline"], _entry(envelope)], before["timeline_omitted"]
    if len(timeline) > TIMELINE_FIRST + TIMELINE_LAST:
        del timeline[TIMELINE_FIRST]
        omitted += 1
    return {
        **before,
        "position": envelope.position,
        "status": status,
        "tasks": _tasks(tasks),
        "timeline": timeline,
        "timeline_omitted": omitted,
    }


def _until(rooms: list[RoomOfStay], day: str) -> list[RoomOfStay]:
    return [{**room, "to_date": min(room["to_date"], day)} for room in rooms if room["from_date"] < day]


def _entry(envelope: EventEnvelope) -> Entry:
    return {
        "position": envelope.position,
        "at": envelope.at.isoformat(),
        "what": type(envelope.body).__name__,
        "principal": envelope.principal,
    }


def _tasks(tasks: tuple[PossibleTask, ...]) -> list[Task]:
    return [_task(task) for task in tasks]


def _task(possible: PossibleTask) -> Task:
    task: Task = {"task": possible.task}
    if possible.refusal is not None:
        task["refusal"] = str(possible.refusal)
    if possible.opens is not None:
        task["opens"] = possible.opens.isoformat()
    if possible.closes is not None:
        task["closes"] = possible.closes.isoformat()
    return task


PROJECTION: Final = Projection("reservation", changes, made_by=RoomBooked)
