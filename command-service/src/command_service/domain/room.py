"""Who has which room when: one occupant a room and night."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from immutables import Map


@dataclass(frozen=True, slots=True)
class RoomSpan:
    """A room promised to one reservation for the nights ``[from_date, to_date)``, or lived in if ``occupied``.

    A reservation has at most one; it ends with the stay or the promise.
    """

    room: str
    from_date: date
    to_date: date
    reservation_id: UUID
    occupied: bool = False


Calendars = Map[str, tuple[RoomSpan, ...]]
"""The spans of each room; a room without any has no entry."""


def taken_by(calendars: Calendars, wanted: RoomSpan) -> RoomSpan | None:
    """The earliest span of another reservation on one of the nights; half-open, so turn-over days do not overlap."""
    overlapping = (
        span
        for span in calendars.get(wanted.room, ())
        if span.from_date < wanted.to_date and wanted.from_date < span.to_date
        if span.reservation_id != wanted.reservation_id
    )
    return min(overlapping, key=lambda span: span.from_date, default=None)


def occupied_by(calendars: Calendars, wanted: RoomSpan) -> RoomSpan | None:
    """The span of another reservation whose guest is still in the room, on whatever dates."""
    for span in calendars.get(wanted.room, ()):
        if span.occupied and span.reservation_id != wanted.reservation_id:
            return span
    return None


def put(calendars: Calendars, span: RoomSpan) -> Calendars:
    """The calendars with the reservation's span, in place of the one it may have had in this room."""
    others = (other for other in calendars.get(span.room, ()) if other.reservation_id != span.reservation_id)
    return calendars.set(span.room, (*others, span))


def free(calendars: Calendars, span: RoomSpan | None) -> Calendars:
    """The calendars without the span."""
    if span is None:
        return calendars
    left = tuple(s for s in calendars.get(span.room, ()) if s.reservation_id != span.reservation_id)
    return calendars.set(span.room, left) if left else calendars.delete(span.room)
