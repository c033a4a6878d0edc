"""What is told of availability: what can be sold of each room type, per night of a window and for one whole stay."""

from collections.abc import Mapping
from datetime import date

from query_service.projections.availability import NOTHING, AvailabilityDocument, month_key
from query_service.projections.dto import Dto, IsoDate
from query_service.projections.hotel import HotelDocument, RoomTypeOfHotel
from query_service.projections.nights import days_in, months_of
from shared_contracts.values import nights_between


class NightDto(Dto):
    """One night of one room type."""

    date: IsoDate
    """The night that begins on this date."""
    physical: int
    """The rooms that stand there."""
    sold: int
    """The rooms on the books."""
    allowance: int
    """What may be sold beyond the rooms; below zero, what is withheld."""
    available: int
    """``physical + allowance - sold``; below zero where more is sold than may be."""
    left: int
    """What can still be sold: ``available``, but never below zero."""
    peak_sold: int
    """The most that was ever on the books for this night."""


class TypeAvailabilityDto(Dto):
    """One room type over the window."""

    code: str
    """The room type's code."""
    name: str
    """Its name for people."""
    max_occupancy: int
    """How many guests may stay in one of its rooms."""
    nights: list[NightDto]
    """Every night of the window, in order."""


class AvailabilityDto(Dto):
    """What can be sold, per room type and night of a window."""

    hotel_id: str
    """The id of the hotel."""
    position: int
    """The position of the last event in this answer."""
    from_date: IsoDate
    """The first night of the window."""
    to_date: IsoDate
    """The date after the last night of the window."""
    room_types: list[TypeAvailabilityDto]
    """The room types, in the order of their definition."""


class TypeForStayDto(Dto):
    """One room type for the whole stay."""

    code: str
    """The room type's code."""
    name: str
    """Its name for people."""
    max_occupancy: int
    """How many guests may stay in one of its rooms."""
    rooms_left: int
    """How many rooms can be booked for the whole stay now."""
    full_nights: list[IsoDate]
    """The nights of the stay on which none is left."""


class StayAvailabilityDto(Dto):
    """What can be booked for one stay."""

    hotel_id: str
    """The id of the hotel."""
    position: int
    """The position of the last event in this answer."""
    arrival: IsoDate
    """The first night of the stay."""
    departure: IsoDate
    """The date after its last night."""
    guests: int | None
    """The party that was asked for."""
    room_types: list[TypeForStayDto]
    """The room types that can take the party, in the order of their definition."""


def availability_dto(
    hotel: HotelDocument,
    months: Mapping[str, AvailabilityDocument],
    first: date,
    until: date,
) -> AvailabilityDto:
    """What can be sold on each night of ``[first, until)``; ``months`` by id, those that exist."""
    return AvailabilityDto(
        hotel_id=hotel["hotel_id"],
        position=max(hotel["position"], *(month["position"] for month in months.values()), 0),
        from_date=first.isoformat(),
        to_date=until.isoformat(),
        room_types=[
            TypeAvailabilityDto(
                code=room_type["code"],
                name=room_type["name"],
                max_occupancy=room_type["max_occupancy"],
                nights=_nights_of(hotel["hotel_id"], room_type, months, first, until),
            )
            for room_type in hotel["room_types"]
        ],
    )


def stay_availability_dto(
    hotel: HotelDocument,
    months: Mapping[str, AvailabilityDocument],
    arrival: date,
    departure: date,
    guests: int | None,
) -> StayAvailabilityDto:
    """What is left for the nights ``[arrival, departure)``; ``months`` by id, those that exist."""

    def told(room_type: RoomTypeOfHotel) -> TypeForStayDto:
        nights = _nights_of(hotel["hotel_id"], room_type, months, arrival, departure)
        return TypeForStayDto(
            code=room_type["code"],
            name=room_type["name"],
            max_occupancy=room_type["max_occupancy"],
            rooms_left=min(night["left"] for night in nights),
            full_nights=[night["date"] for night in nights if night["left"] == 0],
        )

    return StayAvailabilityDto(
        hotel_id=hotel["hotel_id"],
        position=max(hotel["position"], *(month["position"] for month in months.values()), 0),
        arrival=arrival.isoformat(),
        departure=departure.isoformat(),
        guests=guests,
        room_types=[told(t) for t in hotel["room_types"] if guests is None or t["max_occupancy"] >= guests],
    )


def _nights_of(
    hotel_id: str,
    room_type: RoomTypeOfHotel,
    months: Mapping[str, AvailabilityDocument],
    first: date,
    until: date,
) -> list[NightDto]:
    """One room type's nights ``[first, until)``, in order."""
    code, physical = room_type["code"], room_type["rooms"]
    counted: list[tuple[int, int, int]] = []
    for month in months_of(first, until):
        document = months.get(month_key(hotel_id, month))
        counts = document["types"].get(code, NOTHING) if document else NOTHING
        days = days_in(month, first, until)
        part = slice(days.start, days.stop)
        counted += zip(counts["sold"][part], counts["allowance"][part], counts["peak"][part], strict=True)
    return [
        NightDto(
            date=night.isoformat(),
            physical=physical,
            sold=sold,
            allowance=allowance,
            available=physical + allowance - sold,
            left=max(physical + allowance - sold, 0),
            peak_sold=peak,
        )
        for night, (sold, allowance, peak) in zip(nights_between(first, until), counted, strict=True)
    ]
