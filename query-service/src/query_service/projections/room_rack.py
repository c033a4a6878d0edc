"""The room rack: every room of the hotel, who lives in it, and for whom it is kept.

A promise ends with the event that names the room, so no date has to be watched for it.
"""

from collections.abc import Mapping
from functools import partial
from typing import Final, TypedDict, assert_never
from uuid import UUID

from query_service.projections.projection import Change, Projection, Stored, there
from shared_contracts.envelope import EventEnvelope
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


class Span(TypedDict):
    """The nights ``[from_date, to_date)`` of one reservation in one room."""

    reservation_id: str
    from_date: str
    to_date: str


class Room(TypedDict):
    """``ahead`` by the first night."""

    type: str
    occupant: Span | None
    ahead: list[Span]


class RackDocument(Stored):
    """``_id`` is the hotel id; ``rooms`` by number."""

    rooms: Mapping[str, Room]


def changes(envelope: EventEnvelope) -> tuple[Change, ...]:
    """The rack, whenever a room is promised, taken, left or free again."""
    event = envelope.body
    match event:
        case HotelOpened():
            return ((envelope.hotel_id, partial(_opened, envelope, event)),)
        case RoomAssigned():
            return ((envelope.hotel_id, partial(_assigned, envelope, event)),)
        case GuestCheckedIn():
            return ((envelope.hotel_id, partial(_checked_in, envelope, event)),)
        case GuestCheckedOut():
            return ((envelope.hotel_id, partial(_freed, envelope, event.room, event.reservation_id)),)
        case ReservationCancelled() | MarkedNoShow():
            if event.room is None:
                return ()
            return ((envelope.hotel_id, partial(_freed, envelope, event.room, event.reservation_id)),)
        case BusinessDateClosed() | OverbookingAllowanceSet() | RoomBooked():
            return ()
        case _:
            assert_never(event)


def _opened(envelope: EventEnvelope, event: HotelOpened, _: RackDocument | None) -> RackDocument:
    return {
        "_id": envelope.hotel_id,
        "hotel_id": envelope.hotel_id,
        "position": envelope.position,
        "rooms": {
            number: {"type": room_type.code, "occupant": None, "ahead": []}
            for room_type in event.room_types
            for number in room_type.rooms
        },
    }


def _assigned(envelope: EventEnvelope, event: RoomAssigned, document: RackDocument | None) -> RackDocument:
    rack: RackDocument = there(document, "the rack")
    guest = str(event.reservation_id)
    span: Span = {
        "reservation_id": guest,
        "from_date": event.from_date.isoformat(),
        "to_date": event.stay.departure.isoformat(),
    }
    rooms = {} if event.previous_room is None else {event.previous_room: _without(rack, event.previous_room, guest)}
    kept = _without(rack, event.room, guest)
    if event.in_house:
        rooms[event.room] = {**kept, "occupant": span}
    else:
        ahead = sorted([*kept["ahead"], span], key=lambda promised: promised["from_date"])
        rooms[event.room] = {**kept, "ahead": ahead}
    return _with(envelope, rack, rooms)


def _checked_in(envelope: EventEnvelope, event: GuestCheckedIn, document: RackDocument | None) -> RackDocument:
    rack: RackDocument = there(document, "the rack")
    span: Span = {
        "reservation_id": str(event.reservation_id),
        "from_date": event.stay.arrival.isoformat(),
        "to_date": event.stay.departure.isoformat(),
    }
    room: Room = {**_without(rack, event.room, span["reservation_id"]), "occupant": span}
    return _with(envelope, rack, {event.room: room})


def _freed(envelope: EventEnvelope, room: str, reservation_id: UUID, document: RackDocument | None) -> RackDocument:
    rack: RackDocument = there(document, "the rack")
    return _with(envelope, rack, {room: _without(rack, room, str(reservation_id))})


def _without(rack: RackDocument, number: str, guest: str) -> Room:
    room = rack["rooms"][number]
    occupant = room["occupant"]
    return {
        "type": room["type"],
        "occupant": None if occupant and occupant["reservation_id"] == guest else occupant,
        "ahead": [span for span in room["ahead"] if span["reservation_id"] != guest],
    }


def _with(envelope: EventEnvelope, rack: RackDocument, rooms: Mapping[str, Room]) -> RackDocument:
    return {**rack, "position": envelope.position, "rooms": {**rack["rooms"], **rooms}}


PROJECTION: Final = Projection("room_rack", changes)
