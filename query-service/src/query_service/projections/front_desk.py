"""The front desk of one date: who arrives, who leaves, who is in house that night; a document each.

A reservation stands on the list of its arrival and of its departure from booking on, and in house on each night of its
stay from check-in on. Who cancels or never comes is on no list, but counted on the date of arrival.
"""

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Final, Literal, NamedTuple, Self, assert_never

from query_service.projections.projection import Change, MisplacedEventError, Projection, Stored, there
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
from shared_contracts.values import nights_between

FrontDeskList = Literal["arrivals", "departures", "in_house"]
LISTS: Final[tuple[FrontDeskList, ...]] = ("arrivals", "departures", "in_house")
Counted = Literal["cancelled", "no_shows"]


class Entry(NamedTuple):
    """One reservation on a list; ``status`` is ``expected``, ``arrived``, ``in_house`` or ``departed``.

    ``room`` is empty while none is assigned.
    """

    status: str
    arrival: str
    departure: str
    room_type: str
    guests: str
    guest_id: str
    room: str = ""

    def packed(self) -> str:
        """As it is stored: one text, since a whole list is stored with each change and its fields would cost most."""
        return "|".join(self)

    @classmethod
    def unpacked(cls, stored: str) -> Self:
        """The entry that was packed."""
        return cls(*stored.split("|"))


class FrontDeskDocument(Stored):
    """``_id`` is ``<hotel>/<date>/<list>``; ``entries`` are packed, by reservation id."""

    entries: Mapping[str, str]
    cancelled: int
    no_shows: int


def changes(envelope: EventEnvelope) -> tuple[Change, ...]:
    """The lists that the reservation is on, comes onto or leaves."""
    event = envelope.body
    match event:
        case RoomBooked():
            return _booked(envelope, event)
        case RoomAssigned():
            return _assigned(envelope, event)
        case GuestCheckedIn():
            return _checked_in(envelope, event)
        case GuestCheckedOut():
            return _checked_out(envelope, event)
        case ReservationCancelled():
            return _never_came(envelope, event, "cancelled")
        case MarkedNoShow():
            return _never_came(envelope, event, "no_shows")
        case HotelOpened() | BusinessDateClosed() | OverbookingAllowanceSet():
            return ()
        case _:
            assert_never(event)


def list_key(hotel_id: str, day: date, which: FrontDeskList) -> str:
    """The id of a list's document."""
    return f"{hotel_id}/{day.isoformat()}/{which}"


def _booked(envelope: EventEnvelope, event: RoomBooked) -> tuple[Change, ...]:
    guest = str(event.reservation_id)
    entry = Entry(
        status="expected",
        arrival=event.stay.arrival.isoformat(),
        departure=event.stay.departure.isoformat(),
        room_type=event.room_type,
        guests=str(event.party.size),
        guest_id=str(event.guest_id),
    ).packed()
    return (
        _change(envelope, event.stay.arrival, "arrivals", partial(_put, guest, entry)),
        _change(envelope, event.stay.departure, "departures", partial(_put, guest, entry)),
    )


def _assigned(envelope: EventEnvelope, event: RoomAssigned) -> tuple[Change, ...]:
    guest = str(event.reservation_id)
    given = partial(_changed, guest, event.room, None)
    lists = (
        _change(envelope, event.stay.departure, "departures", given),
        _change(envelope, event.stay.arrival, "arrivals", given),
    )
    nights = nights_between(event.from_date, event.stay.departure) if event.in_house else ()
    return *lists, *(_change(envelope, night, "in_house", given) for night in nights)


def _checked_in(envelope: EventEnvelope, event: GuestCheckedIn) -> tuple[Change, ...]:
    guest = str(event.reservation_id)
    entry = Entry(
        status="in_house",
        arrival=event.stay.arrival.isoformat(),
        departure=event.stay.departure.isoformat(),
        room_type=event.room_type,
        room=event.room,
        guests=str(event.party.size),
        guest_id=str(event.guest_id),
    ).packed()
    came = partial(_changed, guest, event.room, "arrived")
    lives = partial(_put, guest, entry)
    return (
        _change(envelope, event.stay.arrival, "arrivals", came),
        *(_change(envelope, night, "in_house", lives) for night in event.stay.nights),
    )


def _checked_out(envelope: EventEnvelope, event: GuestCheckedOut) -> tuple[Change, ...]:
    guest = str(event.reservation_id)
    if event.departed_on == event.stay.departure:
        left = partial(_changed, guest, event.room, "departed")
        return (_change(envelope, event.departed_on, "departures", left),)
    entry = Entry(
        status="departed",
        arrival=event.stay.arrival.isoformat(),
        departure=event.stay.departure.isoformat(),
        room_type=event.room_type,
        room=event.room,
        guests=str(event.party.size),
        guest_id=str(event.guest_id),
    ).packed()
    gone = partial(_drop, guest, None)
    return (
        _change(envelope, event.stay.departure, "departures", gone),
        _change(envelope, event.departed_on, "departures", partial(_put, guest, entry)),
        *(
            _change(envelope, night, "in_house", gone)
            for night in nights_between(event.departed_on, event.stay.departure)
        ),
    )


def _never_came(
    envelope: EventEnvelope, event: ReservationCancelled | MarkedNoShow, counted: Counted
) -> tuple[Change, ...]:
    guest = str(event.reservation_id)
    return (
        _change(envelope, event.stay.arrival, "arrivals", partial(_drop, guest, counted)),
        _change(envelope, event.stay.departure, "departures", partial(_drop, guest, None)),
    )


def _change(envelope: EventEnvelope, day: date, which: FrontDeskList, change: partial[FrontDeskDocument]) -> Change:
    key = list_key(envelope.hotel_id, day, which)
    return key, partial(change, key, envelope)


def _put(
    guest: str, entry: str, key: str, envelope: EventEnvelope, document: FrontDeskDocument | None
) -> FrontDeskDocument:
    return {
        "_id": key,
        "hotel_id": envelope.hotel_id,
        "position": envelope.position,
        "entries": {**(document["entries"] if document else {}), guest: entry},
        "cancelled": document["cancelled"] if document else 0,
        "no_shows": document["no_shows"] if document else 0,
    }


def _changed(
    guest: str,
    room: str,
    status: str | None,
    key: str,
    envelope: EventEnvelope,
    document: FrontDeskDocument | None,
) -> FrontDeskDocument:
    before: FrontDeskDocument = there(document, key)
    stored = before["entries"].get(guest)
    if stored is None:
        raise MisplacedEventError(f"{guest} is not on {key}")
    entry = Entry.unpacked(stored)
    entry = entry._replace(room=room, status=status or entry.status)
    return _put(guest, entry.packed(), key, envelope, before)


def _drop(
    guest: str,
    counted: Counted | None,
    key: str,
    envelope: EventEnvelope,
    document: FrontDeskDocument | None,
) -> FrontDeskDocument:
    before: FrontDeskDocument = there(document, key)
    entries = {other: entry for other, entry in before["entries"].items() if other != guest}
    return {
        **before,
        "position": envelope.position,
        "entries": entries,
        "cancelled": before["cancelled"] + (counted == "cancelled"),
        "no_shows": before["no_shows"] + (counted == "no_shows"),
    }


PROJECTION: Final = Projection("front_desk", changes)
