"""Reading one's own write: requests wait a bounded time until a hotel's checkpoint reaches their position.

One loop asks for all the hotels that somebody waits for in one query, however many requests there are.
"""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from query_service.documents import CHECKPOINTS, DocumentsUnavailableError
from query_service.settings import MAX_WAITING_REQUESTS, MIN_POSITION_POLL_SECONDS, MIN_POSITION_SECONDS
from shared_contracts.transport.consuming import wait_for_either


class Checkpoints(Protocol):
    """Where checkpoints are; see ``documents.Documents``."""

    async def find(self, collection: str, ids: Collection[str]) -> dict[str, Any]:
        """The checkpoints that exist."""
        ...


@dataclass(slots=True, eq=False)
class _Waiter:
    hotel: str
    position: int
    held: int
    answered: asyncio.Future[None]

    def look(self, found: Mapping[str, Any]) -> None:
        """End the wait where the hotel's checkpoint is far enough."""
        self.held = _position(found, self.hotel)
        if self.held >= self.position:
            self.end()

    def end(self, error: Exception | None = None) -> None:
        """End the wait, unless it has ended."""
        if self.answered.done():
            return
        if error is not None:
            self.answered.set_exception(error)
        else:
            self.answered.set_result(None)


@dataclass(slots=True)
class Waiting:
    """``reach`` works only while ``run`` runs in the same event loop."""

    documents: Checkpoints
    seconds: float = MIN_POSITION_SECONDS
    _waiters: set[_Waiter] = field(default_factory=set[_Waiter])
    _someone: asyncio.Event = field(default_factory=asyncio.Event)

    async def reach(self, hotel: str, position: int) -> int:
        """Wait at most ``seconds`` until the hotel's documents hold its events up to the position; up to which they do.

        May raise ``DocumentsUnavailableError``. Where ``MAX_WAITING_REQUESTS`` wait already, it does not wait.
        """
        held = _position(await self.documents.find(CHECKPOINTS, [hotel]), hotel)
        if held >= position or len(self._waiters) >= MAX_WAITING_REQUESTS:
            return held
        waiter = _Waiter(hotel, position, held, asyncio.get_running_loop().create_future())
        self._waiters.add(waiter)
        self._someone.set()
        try:
            async with asyncio.timeout(self.seconds):
                await waiter.answered
        except TimeoutError:
            pass
        finally:
            self._waiters.discard(waiter)
        return waiter.held

    async def run(self, stop: asyncio.Event) -> None:
        """Ask for whom somebody waits, until ``stop``; then nobody waits any longer."""
        while not stop.is_set():
            if self._waiters:
                await self._ask()
                await asyncio.sleep(MIN_POSITION_POLL_SECONDS)
            else:
                self._someone.clear()
                await wait_for_either(self._someone, stop)
        for waiter in self._waiters:
            waiter.end()

    async def _ask(self) -> None:
        try:
            found = await self.documents.find(CHECKPOINTS, {waiter.hotel for waiter in self._waiters})
        except DocumentsUnavailableError as error:
            for waiter in self._waiters:
                waiter.end(error)
            return
        for waiter in self._waiters:
            waiter.look(found)


def _position(checkpoints: Mapping[str, Any], hotel: str) -> int:
    held: int = checkpoints[hotel]["position"] if hotel in checkpoints else 0
    return held
