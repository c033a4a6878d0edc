"""The hotel: its names, its business date, and its room types with the number of their rooms."""

from functools import partial
from typing import Final, TypedDict, assert_never

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


class RoomTypeOfHotel(TypedDict):
    """A category and how many rooms it has."""

    code: str
    name: str
    max_occupancy: int
    rooms: int


class HotelDocument(Stored):
    """``_id`` is the hotel id."""

    name: str
    time_zone: str
    currency: str
    business_date: str
    room_types: list[RoomTypeOfHotel]


def changes(envelope: EventEnvelope) -> tuple[Change, ...]:
    """The hotel itself, for what happens to it."""
    event = envelope.body
    match event:
        case HotelOpened():
            return ((envelope.hotel_id, partial(_opened, envelope, event)),)
        case BusinessDateClosed():
            return ((envelope.hotel_id, partial(_next_date, envelope, event)),)
        case (
            OverbookingAllowanceSet()
            | RoomBooked()
            | ReservationCancelled()
            | RoomAssigned()
            | GuestCheckedIn()
            | GuestCheckedOut()
            | MarkedNoShow()
        ):
            return ()
        case _:
            assert_never(event)


def rooms_of(hotel: HotelDocument) -> int:
    """How many rooms the hotel has."""
    return sum(room_type["rooms"] for room_type in hotel["room_types"])


def _opened(envelope: EventEnvelope, event: HotelOpened, _: HotelDocument | None) -> HotelDocument:
    return {
        "_id": envelope.hotel_id,
        "hotel_id": envelope.hotel_id,
        "position": envelope.position,
        "name": event.name,
        "time_zone": event.time_zone,
        "currency": event.currency,
        "business_date": event.business_date.isoformat(),
        "room_types": [
            {"code": t.code, "name": t.name, "max_occupancy": t.max_occupancy, "rooms": len(t.rooms)}
            for t in event.room_types
        ],
    }


def _next_date(envelope: EventEnvelope, event: BusinessDateClosed, document: HotelDocument | None) -> HotelDocument:
    before: HotelDocument = there(document, envelope.hotel_id)
    return {**before, "position": envelope.position, "business_date": event.business_date.isoformat()}


PROJECTION: Final = Projection("hotel", changes)
