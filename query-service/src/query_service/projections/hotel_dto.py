"""What is told of a hotel."""

from query_service.projections.dto import Dto, IsoDate
from query_service.projections.hotel import HotelDocument, RoomTypeOfHotel


class RoomTypeDto(Dto):
    """A sellable category of rooms."""

    code: str
    """The code that commands name it by."""
    name: str
    """The name for people."""
    max_occupancy: int
    """How many guests may stay in one of its rooms."""
    rooms: int
    """How many rooms of it stand in the hotel."""


class HotelDto(Dto):
    """A hotel as it is set up, and its business date."""

    hotel_id: str
    """The id of the hotel."""
    position: int
    """The position of the last event in this answer."""
    name: str
    """The name for people."""
    time_zone: str
    """The IANA time zone in which its dates are meant."""
    currency: str
    """The ISO 4217 code of all its amounts."""
    business_date: IsoDate
    """The date that the hotel is working on."""
    room_types: list[RoomTypeDto]
    """The categories, in the order of their definition."""


def hotel_dto(hotel: HotelDocument) -> HotelDto:
    """What is told of a hotel."""
    return HotelDto(
        hotel_id=hotel["hotel_id"],
        position=hotel["position"],
        name=hotel["name"],
        time_zone=hotel["time_zone"],
        currency=hotel["currency"],
        business_date=hotel["business_date"],
        room_types=[_room_type(room_type) for room_type in hotel["room_types"]],
    )


def _room_type(room_type: RoomTypeOfHotel) -> RoomTypeDto:
    return RoomTypeDto(
        code=room_type["code"],
        name=room_type["name"],
        max_occupancy=room_type["max_occupancy"],
        rooms=room_type["rooms"],
    )
