"""When both sides of one hotel are quiet: its last command has an outcome, and the documents hold every event."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from replay.service import ReplayError, Service, document, retry_after

WAIT: Final = {"Prefer": "wait=10"}
STALL_SECONDS: Final = 300.0
BEHIND_SECONDS: Final = 0.5
LOOK_SECONDS: Final = 1.0

Report = Callable[[str, int], None]
"""Is told a stage of progress, and how much of it is done."""


async def wait_until_quiet(
    command: Service, query: Service, hotel_id: str, last_command: str, stall: float = STALL_SECONDS
) -> int:
    """The position of the hotel's last event, once every document holds it.

    ``ReplayError`` where nothing has moved for ``stall`` seconds.
    """
    patience = _Patience(stall, f"{hotel_id}: no command is decided any more; look at the relay and the worker")
    while not await _is_decided(command, last_command):
        patience.check(await head_of(command, hotel_id))
    head = await head_of(command, hotel_id)
    patience = _Patience(stall, f"{hotel_id}: the documents stay behind {head}; look at the relay and the projector")
    while (held := await _held(query, hotel_id, head)) < head:
        patience.check(held)
    return head


async def head_of(command: Service, hotel_id: str) -> int:
    """The position of the hotel's last event; 0 before its first."""
    response = await command.get(f"/v1/hotels/{hotel_id}/events", {"limit": 1})
    return 0 if response.status_code == 404 else int(document(response)["head"])


async def position_of(query: Service, hotel_id: str) -> int:
    """The position of the last event in the hotel's own document, which moves with every business date; 0 before."""
    response = await query.get(f"/v1/hotels/{hotel_id}")
    return 0 if response.status_code == 404 else int(document(response)["position"])


async def watch(command: Service, query: Service, hotel_ids: list[str], report: Report) -> None:
    """Look again and again until cancelled."""
    while True:
        await look(command, query, hotel_ids, report)
        await asyncio.sleep(LOOK_SECONDS)


async def look(command: Service, query: Service, hotel_ids: list[str], report: Report) -> None:
    """Tell ``report`` how many events are decided, and how many the documents hold."""
    report("decided", sum([await head_of(command, hotel_id) for hotel_id in hotel_ids]))
    report("in documents", sum([await position_of(query, hotel_id) for hotel_id in hotel_ids]))


async def _is_decided(command: Service, command_id: str) -> bool:
    response = await command.get(f"/v1/commands/{command_id}", headers=WAIT)
    return bool(document(response)["status"] != "accepted")


async def _held(query: Service, hotel_id: str, position: int) -> int:
    """The position that the documents hold; waits for them to come to this one, for as long as the service does."""
    response = await query.get(f"/v1/hotels/{hotel_id}", {"min_position": position})
    if response.status_code == 409:
        await asyncio.sleep(max(retry_after(response), BEHIND_SECONDS))
        return int(response.json()["position"])
    document(response)
    return position


@dataclass(slots=True)
class _Patience:
    stall: float
    complaint: str
    seen: int = -1
    since: float = field(default_factory=lambda: asyncio.get_running_loop().time())

    def check(self, position: int) -> None:
        now = asyncio.get_running_loop().time()
        if position != self.seen:
            self.seen, self.since = position, now
        elif now - self.since > self.stall:
            raise ReplayError(f"{self.complaint} (no change for {self.stall:.0f} s)")
