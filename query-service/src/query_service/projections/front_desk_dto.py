"""What is told of the front desk of one date: the totals, and a page of each list."""

from collections.abc import Mapping
from datetime import date

from query_service.projections.dto import Dto, IsoDate
from query_service.projections.front_desk import LISTS, Entry, FrontDeskDocument, list_key
from query_service.projections.pages import START, Key, page_of


class FrontDeskEntryDto(Dto):
    """One reservation on a list."""

    reservation_id: str
    """The reservation."""
    guest_id: str
    """The opaque id of the guest."""
    guests: int
    """How many guests."""
    arrival: IsoDate
    """The first night booked."""
    departure: IsoDate
    """The date after the last night booked."""
    room_type: str
    """The type that was booked."""
    room: str | None
    """The room, where one is assigned."""
    status: str
    """``expected``, ``arrived``, ``in_house`` or ``departed``."""


class ArrivalTotalsDto(Dto):
    """Everybody who was ever booked to arrive on the date, each counted once."""

    expected: int
    """Still to come."""
    arrived: int
    """Came."""
    cancelled: int
    """Cancelled."""
    no_shows: int
    """Never came."""


class DepartureTotalsDto(Dto):
    """Who leaves on the date."""

    expected: int
    """Still to leave."""
    departed: int
    """Left."""


class InHouseTotalsDto(Dto):
    """Who stays for the night."""

    rooms: int
    """Rooms lived in."""
    guests: int
    """Guests in them."""


class FrontDeskListDto(Dto):
    """A page of one list, by room type and reservation."""

    entries: list[FrontDeskEntryDto]
    """The reservations of this page."""
    next: str | None
    """The cursor of the next page: ``after=`` at the list's own address; none on the last page."""


class FrontDeskListPageDto(Dto):
    """A page of one list of one date, by room type and reservation."""

    hotel_id: str
    """The id of the hotel."""
    position: int
    """The position of the last event in this answer."""
    date: IsoDate
    """The date."""
    entries: list[FrontDeskEntryDto]
    """The reservations of this page."""
    next: str | None
    """The cursor of the next page: ``after=`` in the same query; none on the last page."""


class FrontDeskDto(Dto):
    """One date at the front desk."""

    hotel_id: str
    """The id of the hotel."""
    position: int
    """The position of the last event in this answer."""
    date: IsoDate
    """The date."""
    arrival_totals: ArrivalTotalsDto
    """How many arrive."""
    departure_totals: DepartureTotalsDto
    """How many leave."""
    in_house_totals: InHouseTotalsDto
    """How many stay for the night."""
    arrivals: FrontDeskListDto
    """Who arrives."""
    departures: FrontDeskListDto
    """Who leaves."""
    in_house: FrontDeskListDto
    """Who stays for the night."""


def front_desk_dto(
    hotel_id: str, position: int, day: date, lists: Mapping[str, FrontDeskDocument], limit: int
) -> FrontDeskDto:
    """The date with the first ``limit`` of each list; ``lists`` by id, those that exist."""
    arrivals = lists.get(list_key(hotel_id, day, "arrivals"))
    coming, leaving, staying = (_entries(lists.get(list_key(hotel_id, day, which))) for which in LISTS)
    return FrontDeskDto(
        hotel_id=hotel_id,
        position=position,
        date=day.isoformat(),
        arrival_totals=ArrivalTotalsDto(
            expected=_count(coming, "expected"),
            arrived=_count(coming, "arrived"),
            cancelled=arrivals["cancelled"] if arrivals else 0,
            no_shows=arrivals["no_shows"] if arrivals else 0,
        ),
        departure_totals=DepartureTotalsDto(expected=_count(leaving, "expected"), departed=_count(leaving, "departed")),
        in_house_totals=InHouseTotalsDto(
            rooms=len(staying), guests=sum(int(entry.guests) for entry in staying.values())
        ),
        arrivals=_page(coming, START, limit),
        departures=_page(leaving, START, limit),
        in_house=_page(staying, START, limit),
    )


def front_desk_list_dto(
    hotel_id: str, position: int, day: date, document: FrontDeskDocument | None, *, after: Key, limit: int
) -> FrontDeskListPageDto:
    """At most ``limit`` of one list after the key ``after``."""
    page = _page(_entries(document), after, limit)
    return FrontDeskListPageDto(
        hotel_id=hotel_id, position=position, date=day.isoformat(), entries=page["entries"], next=page["next"]
    )


def _entries(document: FrontDeskDocument | None) -> dict[str, Entry]:
    return {guest: Entry.unpacked(entry) for guest, entry in document["entries"].items()} if document else {}


def _count(entries: Mapping[str, Entry], status: str) -> int:
    return sum(entry.status == status for entry in entries.values())


def _page(entries: Mapping[str, Entry], after: Key, limit: int) -> FrontDeskListDto:
    # Not by room: who is moved between two pages must not be missed.
    keyed = (((entry.room_type, guest), _entry(guest, entry)) for guest, entry in entries.items())
    page, cursor = page_of(keyed, after, limit)
    return FrontDeskListDto(entries=page, next=cursor)


def _entry(reservation_id: str, entry: Entry) -> FrontDeskEntryDto:
    return FrontDeskEntryDto(
        reservation_id=reservation_id,
        guest_id=entry.guest_id,
        guests=int(entry.guests),
        arrival=entry.arrival,
        departure=entry.departure,
        room_type=entry.room_type,
        room=entry.room or None,
        status=entry.status,
    )
