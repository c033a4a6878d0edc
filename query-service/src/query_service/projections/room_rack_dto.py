"""What is told of the room rack: a page of rooms by number."""

from query_service.projections.dto import Dto, IsoDate
from query_service.projections.pages import Key, page_of
from query_service.projections.room_rack import RackDocument, Room, Span


class SpanDto(Dto):
    """A reservation's nights in a room."""

    reservation_id: str
    """The reservation."""
    from_date: IsoDate
    """The first night in the room."""
    to_date: IsoDate
    """The date after the last night."""


class RoomDto(Dto):
    """One room."""

    room: str
    """Its number."""
    room_type: str
    """The code of its type."""
    state: str
    """``vacant`` or ``occupied``."""
    occupant: SpanDto | None
    """Who lives in it."""
    ahead: list[SpanDto]
    """For whom it is kept, the next arrival first."""


class RackDto(Dto):
    """A page of the hotel's rooms, by number."""

    hotel_id: str
    """The id of the hotel."""
    position: int
    """The position of the last event in this answer."""
    rooms_in_all: int
    """How many rooms the hotel has."""
    occupied: int
    """How many of them are occupied."""
    rooms: list[RoomDto]
    """The rooms of this page."""
    next: str | None
    """The cursor of the next page: ``after=`` in the same query; none on the last page."""


def rack_dto(rack: RackDocument, after: Key, limit: int) -> RackDto:
    """At most ``limit`` rooms after the key ``after``."""
    rooms = rack["rooms"]
    numbers, cursor = page_of((((number,), number) for number in rooms), after, limit)
    return RackDto(
        hotel_id=rack["hotel_id"],
        position=rack["position"],
        rooms_in_all=len(rooms),
        occupied=sum(room["occupant"] is not None for room in rooms.values()),
        rooms=[_room(number, rooms[number]) for number in numbers],
        next=cursor,
    )


def _room(number: str, room: Room) -> RoomDto:
    occupant = room["occupant"]
    return RoomDto(
        room=number,
        room_type=room["type"],
        state="occupied" if occupant else "vacant",
        occupant=_span(occupant) if occupant else None,
        ahead=[_span(span) for span in room["ahead"]],
    )


def _span(span: Span) -> SpanDto:
    return SpanDto(reservation_id=span["reservation_id"], from_date=span["from_date"], to_date=span["to_date"])
