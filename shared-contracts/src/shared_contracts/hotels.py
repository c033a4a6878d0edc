"""The hotel itself: opening it, and closing its business dates one by one."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

from shared_contracts.message import Command, Event, Scope
from shared_contracts.values import (
    MAX_PARTY,
    MAX_ROOM_TYPES,
    MAX_ROOMS_OF_A_TYPE,
    REFUSE_UNKNOWN_FIELDS,
    Currency,
    HotelDate,
    RoomNumber,
    RoomTypeCode,
    TimeZone,
    Title,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomType:
    """A sellable category and the numbers of its rooms; it may have none and live from its allowance."""

    __pydantic_config__: ClassVar[ConfigDict] = REFUSE_UNKNOWN_FIELDS

    code: RoomTypeCode
    name: Title
    max_occupancy: Annotated[int, Field(ge=1, le=MAX_PARTY)]
    rooms: Annotated[tuple[RoomNumber, ...], Field(max_length=MAX_ROOMS_OF_A_TYPE)]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenHotel(Command):
    """Open a hotel on its first business date, with its room types and rooms. Codes and numbers are unique in it."""

    scope: ClassVar[Scope] = Scope.HOTEL_SETUP

    name: Title
    time_zone: TimeZone
    currency: Currency
    business_date: HotelDate
    room_types: Annotated[tuple[RoomType, ...], Field(min_length=1, max_length=MAX_ROOM_TYPES)]

    def __post_init__(self) -> None:
        """Refuse a code or a number that stands twice."""
        codes = [room_type.code for room_type in self.room_types]
        rooms = [room for room_type in self.room_types for room in room_type.rooms]
        if len(set(codes)) < len(codes):
            raise ValueError("each room type code stands once")
        if len(set(rooms)) < len(rooms):
            raise ValueError("each room number stands once in a hotel")


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseBusinessDate(Command):
    """Close the hotel's current business date: who did not arrive is a no-show, and the next date begins."""

    scope: ClassVar[Scope] = Scope.NIGHT_AUDIT

    business_date: HotelDate


@dataclass(frozen=True, slots=True, kw_only=True)
class HotelOpened(Event):
    """The hotel exists, on its first business date."""

    name: str
    time_zone: str
    currency: str
    business_date: date
    room_types: tuple[RoomType, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessDateClosed(Event):
    """``closed`` is over; ``business_date`` is the day after it and the current one."""

    closed: date
    business_date: date
