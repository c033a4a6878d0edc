"""Statistics of one month, night by night: nights of guests who came, their revenue, and what was booked for each date.

A night counts once its guest has checked in, and no more when they leave before it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Final, Literal, assert_never

from query_service.projections.nights import ZEROS, month_of
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

Figure = Literal["rooms_sold", "revenue", "bookings", "cancellations", "no_shows", "arrivals", "departures"]
Nights = Mapping[Figure, Sequence[int]]
"""One number a night of the month, the first at index 0; revenue in minor units."""
Added = tuple[Figure, date, int]
"""A figure, the date that it belongs to, and by how much it grows."""


class StatisticsDocument(Stored):
    """``_id`` is ``<hotel>/<yyyy-mm>``."""

    nights: Nights


NOTHING: Final[Nights] = {
    "rooms_sold": ZEROS,
    "revenue": ZEROS,
    "bookings": ZEROS,
    "cancellations": ZEROS,
    "no_shows": ZEROS,
    "arrivals": ZEROS,
    "departures": ZEROS,
}


def changes(envelope: EventEnvelope) -> tuple[Change, ...]:
    """The months that the event's figures belong to."""
    event = envelope.body
    match event:
        case RoomBooked():
            return _add(envelope, [("bookings", event.stay.arrival, 1)])
        case ReservationCancelled():
            return _add(envelope, [("cancellations", event.stay.arrival, 1)])
        case MarkedNoShow():
            return _add(envelope, [("no_shows", event.stay.arrival, 1)])
        case GuestCheckedIn():
            nights = _stayed(event.stay.arrival, event.nightly_amounts, 1)
            return _add(envelope, [("arrivals", event.stay.arrival, 1), *nights])
        case GuestCheckedOut():
            nights = _stayed(event.departed_on, event.freed_amounts, -1)
            return _add(envelope, [("departures", event.departed_on, 1), *nights])
        case HotelOpened() | BusinessDateClosed() | OverbookingAllowanceSet() | RoomAssigned():
            return ()
        case _:
            assert_never(event)


def statistics_key(hotel_id: str, month: str) -> str:
    """The id of a month's document."""
    return f"{hotel_id}/{month}"


def _stayed(first: date, amounts: Sequence[int], sign: int) -> Iterator[Added]:
    for day, amount in enumerate(amounts, first.toordinal()):
        night = date.fromordinal(day)
        yield "rooms_sold", night, sign
        yield "revenue", night, sign * amount


def _add(envelope: EventEnvelope, added: Iterable[Added]) -> tuple[Change, ...]:
    months: dict[str, list[Added]] = {}
    for addition in added:
        months.setdefault(month_of(addition[1]), []).append(addition)
    return tuple(
        (statistics_key(envelope.hotel_id, month), partial(_grown, envelope, month, additions))
        for month, additions in months.items()
    )


def _grown(
    envelope: EventEnvelope,
    month: str,
    additions: Iterable[Added],
    document: StatisticsDocument | None,
) -> StatisticsDocument:
    before = document["nights"] if document else NOTHING
    grown: dict[Figure, list[int]] = {}
    for figure, day, by in additions:
        if figure not in grown:
            grown[figure] = [*before[figure]]
        grown[figure][day.day - 1] += by
    return {
        "_id": statistics_key(envelope.hotel_id, month),
        "hotel_id": envelope.hotel_id,
        "position": envelope.position,
        "nights": {**before, **grown},
    }


PROJECTION: Final = Projection("statistics", changes)
