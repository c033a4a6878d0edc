"""A client of both services that sends a task, waits for its outcome, and reads its own writes."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import httpx2

WAIT_SECONDS: Final = 25
ANSWER_SECONDS: Final = 40.0


class NotAsPromisedError(Exception):
    """The containers do something else than they should; the text says what."""


@dataclass(slots=True)
class FrontDesk:
    """One hotel, seen through the two published addresses; remembers the position of the last outcome."""

    command_api: str
    query_api: str
    hotel_id: str
    position: int = 0

    def send(self, task: str, body: dict[str, Any]) -> str:
        """Send a task that must be accepted, and wait for nothing; its command id."""
        url = f"{self.command_api}/v1/hotels/{self.hotel_id}/commands/{task}"
        headers = {"Idempotency-Key": str(uuid4())}
        with _client() as client:
            return str(_body(client.post(url, json=body, headers=headers), 202)["command_id"])

    def status(self, command_id: str, wait: int = 0) -> str:
        """What is known about a command, after waiting so many seconds for its outcome."""
        headers = {"Prefer": f"wait={wait}"} if wait else {}
        with _client() as client:
            found = _body(client.get(f"{self.command_api}/v1/commands/{command_id}", headers=headers), 200)
        self.position = max(self.position, found.get("position", 0))
        return str(found["status"])

    def succeed(self, command_id: str) -> None:
        """Wait for the outcome of a command; ``NotAsPromisedError`` where it did not succeed in time."""
        status = self.status(command_id, WAIT_SECONDS)
        if status != "succeeded":
            raise NotAsPromisedError(f"the command {command_id} is {status} after {WAIT_SECONDS} s")

    def unknown(self, command_id: str) -> None:
        """``NotAsPromisedError`` where the command is known."""
        with _client() as client:
            _body(client.get(f"{self.command_api}/v1/commands/{command_id}"), 404)

    def reservation(self, reservation_id: str) -> dict[str, Any]:
        """The reservation as the query service shows it, at least as new as the last outcome."""
        url = f"{self.query_api}/v1/hotels/{self.hotel_id}/reservations/{reservation_id}"
        with _client() as client:
            return _body(client.get(url, params={"min_position": self.position}), 200)


def _client() -> httpx2.Client:
    """Straight to this machine, whatever proxies the environment names."""
    return httpx2.Client(timeout=ANSWER_SECONDS, trust_env=False)


def _body(answer: httpx2.Response, expected: int) -> dict[str, Any]:
    if answer.status_code != expected:
        raise NotAsPromisedError(f"{answer.request.url} answers {answer.status_code}: {answer.text}")
    found: dict[str, Any] = answer.json()
    return found
