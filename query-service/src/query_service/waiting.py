"""Reading one's own write: requests wait a bounded time until a hotel's checkpoint reaches their position.

One loop asks for all the hotels that somebody waits for in one query, however many requests there are.
"""

import asyncio
from collections.abc import Collection
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
    reached: asyncio.Future[bool]


@dataclass(slots=True)
class Waiting:
    """``reach`` works only while ``run`` runs in the same event loop."""

    documents: Checkpoints
    seconds: float = MIN_POSITION_SECONDS
    _waiters: set[_Waiter] = field(default_factory=set[_Waiter])
    _someone: asyncio.Event = field(default_factory=asyncio.Event)

    async def reach(self, hotel: str, position: int) -> bool:
        """Whether the hotel's documents hold its events up to the position, at once or within ``seconds``.

        May raise ``DocumentsUnavailableError``. Where ``MAX_WAITING_REQUESTS`` wait already, it does not wait.
        """
        found = await self.documents.find(CHECKPOINTS, [hotel])
        if hotel in found and found[hotel]["position"] >= position:
            return True
        if len(self._waiters) >= MAX_WAITING_REQUESTS:
            return False
        waiter = _Waiter(hotel, position, asyncio.get_running_loop().create_future())
        self._waiters.add(waiter)
        self._someone.set()
        try:
            async with asyncio.timeout(self.seconds):
                return await waiter.reached
        except TimeoutError:
            return False
        finally:
            self._waiters.discard(waiter)

    async def run(self, stop: asyncio.Event) -> None:
        """Ask for whom somebody waits, until ``stop``; then everybody who still waits is told no."""
        while not stop.is_set():
            if self._waiters:
                await self._ask()
                await asyncio.sleep(MIN_POSITION_POLL_SECONDS)
            else:
                self._someone.clear()
                await wait_for_either(self._someone, stop)
        for waiter in self._waiters:
            _tell(waiter, reached=False)

    async def _ask(self) -> None:
        try:
            found = await self.documents.find(CHECKPOINTS, {waiter.hotel for waiter in self._waiters})
        except DocumentsUnavailableError as error:
            for waiter in self._waiters:
                if not waiter.reached.done():
                    waiter.reached.set_exception(error)
            return
        for waiter in self._waiters:
            if waiter.hotel in found and found[waiter.hotel]["position"] >= waiter.position:
                _tell(waiter, reached=True)


def _tell(waiter: _Waiter, *, reached: bool) -> None:
    if not waiter.reached.done():
        waiter.reached.set_result(reached)
