"""What all peers work on: the same booking commands over the same hotels, and the statements of the transaction."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final
from uuid import UUID

HOTELS: Final = 200
ROOMS: Final = 300
FIRST_NIGHT: Final = date(2027, 1, 1)
NIGHTS: Final = 300
ROOM_TYPE: Final = "DBL"

_HERE: Final = Path(__file__).parent


def commands(count: int, seed: int) -> Iterator[dict[str, Any]]:
    """So many bookings, about 300 bytes of JSON each, the hotels in turn; none of them needs a night that is sold."""
    chance = Random(seed)
    for number in range(count):
        arrival = FIRST_NIGHT + timedelta(days=(number // HOTELS * 7) % NIGHTS)
        departure = arrival + timedelta(days=1 + number % 4)
        yield {
            "command_id": str(UUID(int=chance.getrandbits(128), version=4)),
            "task": "book-room",
            "hotel_id": f"hotel-{number % HOTELS:03d}",
            "room_type": ROOM_TYPE,
            "stay": {"arrival": arrival.isoformat(), "departure": departure.isoformat()},
            "party": {"adults": 2, "children": 0},
            "nightly_price": {"amount_minor": 9_500, "currency": "EUR"},
            "guest_id": str(UUID(int=chance.getrandbits(128), version=4)),
        }


def hotels() -> list[str]:
    """The ids of the hotels."""
    return [f"hotel-{number:03d}" for number in range(HOTELS)]


def schema(*, once: bool) -> str:
    """The statements that make the peers' tables anew. With ``once`` a command can have one outcome only."""
    index = f"CREATE {'UNIQUE' if once else ''} INDEX ON peer.outcome (command_id);"
    return f"{(_HERE / 'schema.sql').read_text()}\n{index}"
