"""The work of a benchmark: hotels with a year of rooms, and bookings that all succeed unless told otherwise."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

import orjson

FIRST_NIGHT: Final = date(2027, 1, 1)
NIGHTS: Final = 300
ROOMS: Final = 300
GUEST: Final = "018f2c6e-5b1a-7c3d-9e4f-0123456789ab"


@dataclass(frozen=True, slots=True)
class Booking:
    """One booking, ready to be sent: its command id, its hotel, the body of its own route and its item in a batch."""

    key: UUID
    hotel: str
    body: bytes
    item: dict[str, Any]

    @property
    def path(self) -> str:
        """Its own route."""
        return f"/v1/hotels/{self.hotel}/commands/book-room"

    @property
    def headers(self) -> str:
        """The line that gives it its id."""
        return f"Idempotency-Key: {self.key}\r\n"


def opening(name: str) -> dict[str, Any]:
    """A hotel of ``ROOMS`` rooms in one room type."""
    rooms = [f"{number}" for number in range(1, ROOMS + 1)]
    return {
        "name": name,
        "time_zone": "Europe/Lisbon",
        "currency": "EUR",
        "business_date": "2026-12-31",
        "room_types": [{"code": "DBL", "name": "Double", "max_occupancy": 2, "rooms": rooms}],
    }


def bookings(hotels: list[str], seed: int, nights: int = NIGHTS) -> Iterator[Booking]:
    """Bookings without end, the hotels in turn, stays of one to four nights spread evenly over so many arrivals.

    Of one hotel 22,501 are sold before the first is refused: long stays fall on the same nights again and again.
    """
    chance = Random(f"{seed} {hotels}")
    number = 0
    while True:
        for hotel in hotels:
            arrival = FIRST_NIGHT + timedelta(days=(number * 7) % nights)
            departure = arrival + timedelta(days=1 + number % 4)
            body = {
                "room_type": "DBL",
                "stay": {"arrival": arrival.isoformat(), "departure": departure.isoformat()},
                "party": {"adults": 2},
                "nightly_price": {"amount_minor": 9_500, "currency": "EUR"},
                "guest_id": GUEST,
            }
            key = UUID(int=chance.getrandbits(128), version=4)
            item = {"task": "book-room", "idempotency_key": str(key), "body": body}
            yield Booking(key, hotel, orjson.dumps(body), item)
        number += 1
