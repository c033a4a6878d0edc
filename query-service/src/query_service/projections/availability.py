"""Availability of one month: for every room type and night what is sold, what is allowed beyond the rooms, the peak.

How many rooms a type has stands in the hotel's document; a type or month that no event has touched is all zeros.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Final, TypedDict, assert_never

from query_service.projections.nights import ZEROS, days_in, months_of
from query_service.projections.projection import Change, Projection, Stored
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


class Counts(TypedDict):
    """One number a night of the month, the first at index 0."""

    sold: Sequence[int]
    allowance: Sequence[int]
    peak: Sequence[int]


class AvailabilityDocument(Stored):
    """``_id`` is ``<hotel>/<yyyy-mm>``; ``types`` by room type code."""

    types: Mapping[str, Counts]


NOTHING: Final[Counts] = {"sold": ZEROS, "allowance": ZEROS, "peak": ZEROS}


def changes(envelope: EventEnvelope) -> tuple[Change, ...]:
    """The months whose nights are sold, freed or allowed."""
    event = envelope.body
    match event:
        case RoomBooked():
            return _moved(envelope, event.room_type, event.stay.arrival, event.stay.departure, 1)
        case ReservationCancelled():
            return _moved(envelope, event.room_type, event.stay.arrival, event.stay.departure, -1)
        case MarkedNoShow():
            return _moved(envelope, event.room_type, event.released_from, event.stay.departure, -1)
        case GuestCheckedOut():
            return _moved(envelope, event.room_type, event.departed_on, event.stay.departure, -1)
        case OverbookingAllowanceSet():
            return tuple(
                (
                    month_key(envelope.hotel_id, month),
                    partial(_allow, envelope, month, event, days_in(month, event.from_date, event.to_date)),
                )
                for month in months_of(event.from_date, event.to_date)
            )
        case HotelOpened() | BusinessDateClosed() | RoomAssigned() | GuestCheckedIn():
            return ()
        case _:
            assert_never(event)


def month_key(hotel_id: str, month: str) -> str:
    """The id of a month's document."""
    return f"{hotel_id}/{month}"


def _moved(envelope: EventEnvelope, room_type: str, first: date, until: date, by: int) -> tuple[Change, ...]:
    return tuple(
        (
            month_key(envelope.hotel_id, month),
            partial(_sell, envelope, month, days_in(month, first, until), room_type=room_type, by=by),
        )
        for month in months_of(first, until)
    )


def _sell(
    envelope: EventEnvelope,
    month: str,
    days: range,
    document: AvailabilityDocument | None,
    *,
    room_type: str,
    by: int,
) -> AvailabilityDocument:
    before = document["types"].get(room_type, NOTHING) if document else NOTHING
    sold, peak = [*before["sold"]], [*before["peak"]]
    for day in days:
        sold[day] += by
        peak[day] = max(peak[day], sold[day])
    counts: Counts = {"sold": sold, "allowance": before["allowance"], "peak": peak}
    return _with(envelope, month, room_type, counts, document)


def _allow(
    envelope: EventEnvelope,
    month: str,
    event: OverbookingAllowanceSet,
    days: range,
    document: AvailabilityDocument | None,
) -> AvailabilityDocument:
    before = document["types"].get(event.room_type, NOTHING) if document else NOTHING
    allowance = [*before["allowance"]]
    allowance[days.start : days.stop] = [event.value] * len(days)
    counts: Counts = {"sold": before["sold"], "allowance": allowance, "peak": before["peak"]}
    return _with(envelope, month, event.room_type, counts, document)


def _with(
    envelope: EventEnvelope,
    month: str,
    room_type: str,
    counts: Counts,
    document: AvailabilityDocument | None,
) -> AvailabilityDocument:
    others = document["types"] if document else {}
    return {
        "_id": month_key(envelope.hotel_id, month),
        "hotel_id": envelope.hotel_id,
        "position": envelope.position,
        "types": {**others, room_type: counts},
    }


PROJECTION: Final = Projection("availability", changes)
