"""A hotel to open and a room to book in it, in the words of the API."""

from typing import Any, Final

HOTEL: Final = "seaside"
OPENING: Final[dict[str, Any]] = {
    "name": "Seaside",
    "time_zone": "Europe/Lisbon",
    "currency": "EUR",
    "business_date": "2026-12-01",
    "room_types": [{"code": "DBL", "name": "Double room", "max_occupancy": 2, "rooms": ["101", "102", "103"]}],
}
BOOKING: Final[dict[str, Any]] = {
    "room_type": "DBL",
    "stay": {"arrival": "2026-12-05", "departure": "2026-12-08"},
    "party": {"adults": 2},
    "nightly_price": {"amount_minor": 12_500, "currency": "EUR"},
    "guest_id": "7d3a1c52-5b0e-4f0e-9d0b-2f3c5a4b6e71",
}
