"""A front desk as a client: does tasks over HTTP, waits for their outcomes, and asks what became of the hotel."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx2

from harness.pair import Pair

OPENING: dict[str, Any] = {
    "name": "Seaside",
    "time_zone": "Europe/Lisbon",
    "currency": "EUR",
    "business_date": "2026-12-01",
    "room_types": [
        {"code": "DBL", "name": "Double", "max_occupancy": 2, "rooms": ["101", "102"]},
        {"code": "SUI", "name": "Suite", "max_occupancy": 4, "rooms": ["201"]},
    ],
}


def booking(first: int, until: int, room_type: str = "DBL") -> dict[str, Any]:
    """A booking in December 2026, in the words of the API."""
    return {
        "room_type": room_type,
        "stay": {"arrival": f"2026-12-{first:02}", "departure": f"2026-12-{until:02}"},
        "party": {"adults": 2},
        "nightly_price": {"amount_minor": 9_500, "currency": "EUR"},
        "guest_id": str(uuid4()),
    }


@dataclass(slots=True)
class FrontDesk:
    """One hotel's client. Remembers the position of its last outcome, and asks for nothing older."""

    client: httpx2.AsyncClient
    pair: Pair
    hotel_id: str
    position: int = 0

    async def do(self, task: str, body: dict[str, Any], command_id: str | None = None) -> dict[str, Any]:
        """Send one task and return its outcome."""
        headers = {"Prefer": "wait=20", "Idempotency-Key": command_id or str(uuid4())}
        url = f"{self.pair['command-api'].url}/v1/hotels/{self.hotel_id}/commands/{task}"
        answer = await self.client.post(url, json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        outcome: dict[str, Any] = answer.json()
        self.position = max(self.position, outcome["position"])
        return outcome

    async def succeed(self, task: str, body: dict[str, Any]) -> str:
        """Send one task that must succeed; its command id."""
        outcome = await self.do(task, body)
        assert outcome["status"] == "succeeded", outcome
        return str(outcome["command_id"])

    async def ask(self, path: str, **parameters: str) -> dict[str, Any]:
        """The answer of the query service, at least as new as the last outcome."""
        parameters["min_position"] = str(self.position)
        answer = await self.client.get(self.url(path), params=parameters)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def url(self, path: str = "") -> str:
        """The address of a question about the hotel."""
        return f"{self.pair['query-api'].url}/v1/hotels/{self.hotel_id}{path}"
