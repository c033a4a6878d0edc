"""How states of the domain are written into columns and read back."""

from datetime import date
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

import orjson
from pydantic import TypeAdapter

from command_service.domain.hotel import OpenedHotel, opened
from command_service.domain.reservation import STATUS, Reservation
from shared_contracts.hotels import RoomType

HOTELS_KEPT: Final = 200
NO_DATE: Final = date.min

_RESERVATIONS: Final[dict[str, TypeAdapter[Reservation]]] = {name: TypeAdapter(state) for state, name in STATUS.items()}
_ROOM_TYPES: Final = TypeAdapter(tuple[RoomType, ...])


def write_reservation(reservation: Reservation) -> str:
    """The ``state`` column."""
    return orjson.dumps(reservation).decode()


def read_reservation(status: str, state: str) -> Reservation:
    """The reservation in a row."""
    return _RESERVATIONS[status].validate_json(state)


def write_definition(hotel: OpenedHotel) -> str:
    """The ``definition`` column: all of a hotel but its business date. Equal hotels are spelled equally everywhere."""
    return orjson.dumps(
        {
            "name": hotel.name,
            "time_zone": hotel.time_zone,
            "currency": hotel.currency,
            "room_types": sorted(hotel.room_types.values(), key=attrgetter("code")),
        }
    ).decode()


@lru_cache(maxsize=HOTELS_KEPT)
def read_definition(definition: str) -> OpenedHotel:
    """The hotel in a ``definition``, on no business date in particular; the same text is parsed once."""
    parsed: dict[str, Any] = orjson.loads(definition)
    room_types = _ROOM_TYPES.validate_python(parsed["room_types"])
    return opened(parsed["name"], parsed["time_zone"], parsed["currency"], NO_DATE, room_types)
