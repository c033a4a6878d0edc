"""The hotel: its definition, given once, and its business date, which only moves forward by one."""

from dataclasses import dataclass
from datetime import date

from immutables import Map

from shared_contracts.hotels import RoomType


@dataclass(frozen=True, slots=True)
class NotOpened:
    """Nobody has opened this hotel yet."""


@dataclass(frozen=True, slots=True)
class OpenedHotel:
    """A hotel at work."""

    name: str
    time_zone: str
    currency: str
    business_date: date
    room_types: Map[str, RoomType]
    type_of_room: Map[str, str]


Hotel = NotOpened | OpenedHotel
NOT_OPENED = NotOpened()


def opened(
    name: str,
    time_zone: str,
    currency: str,
    business_date: date,
    room_types: tuple[RoomType, ...],
) -> OpenedHotel:
    """The hotel with its rooms found by number."""
    return OpenedHotel(
        name=name,
        time_zone=time_zone,
        currency=currency,
        business_date=business_date,
        room_types=Map({room_type.code: room_type for room_type in room_types}),
        type_of_room=Map({room: room_type.code for room_type in room_types for room in room_type.rooms}),
    )
