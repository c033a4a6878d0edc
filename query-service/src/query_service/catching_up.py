"""The background loop that brings hotels up to date from the feed.

It is needed after a gap, a hotel that was resumed, a broker that lost its queues. It asks only for hotels that stay
behind, and projects through the same turn as the batches.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from query_service.documents import DocumentsUnavailableError
from query_service.feed import FeedUnavailableError, Heads
from query_service.projecting import Projecting
from query_service.settings import (
    CATCH_UP_RETRY_SECONDS,
    CATCH_UP_SECONDS,
    MAX_CATCH_UP_RETRY_SECONDS,
    PARKED_POLL_SECONDS,
    POSITIONS_PAGE,
)
from shared_contracts.transport.consuming import wait_for, wait_for_either

log = structlog.get_logger()


class LastPositions(Protocol):
    """Where the last position of every hotel is told; see ``feed.Feed``."""

    async def heads(self, after: str, limit: int) -> Heads:
        """A page of them."""
        ...


@dataclass(slots=True)
class CatchingUp:
    """Looks every ``look_seconds`` for hotels that stand still behind their feed; ``trouble`` says what went wrong."""

    projecting: Projecting
    feed: LastPositions
    look_seconds: float = CATCH_UP_SECONDS
    poll_seconds: float = PARKED_POLL_SECONDS
    clock: Callable[[], float] = time.monotonic
    trouble: str = ""
    parked: frozenset[str] = frozenset()
    _seen: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    _next_look: float = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop``; a feed or a store that does not answer is asked again later and later."""
        retry = CATCH_UP_RETRY_SECONDS
        while not stop.is_set():
            try:
                more = await self.once()
            except (FeedUnavailableError, DocumentsUnavailableError) as error:
                self.trouble = f"{type(error).__name__}: {error}"
                log.warning("catching_up_failed", error=self.trouble, hotels=len(self.projecting.behind))
                await wait_for(stop, retry)
                retry = min(retry * 2, MAX_CATCH_UP_RETRY_SECONDS)
                continue
            retry = CATCH_UP_RETRY_SECONDS
            if not more:
                await self._pause(stop)

    async def once(self) -> bool:
        """Notice what was resumed, look if it is time to, take one page for each hotel behind; whether there is more.

        A hotel whose feed fails does not keep the others waiting; where none could be served, the failure is raised.
        """
        await self._notice_resumed()
        failure: FeedUnavailableError | None = None
        more = served = False
        for hotel in list(self.projecting.behind):
            try:
                more |= await self.projecting.catch_up(hotel)
                served = True
            except FeedUnavailableError as error:
                failure = error
        if self.clock() >= self._next_look:
            await self._look()
            self._next_look = self.clock() + self.look_seconds
        if failure is not None and not served:
            raise failure
        self.trouble = "" if failure is None else f"{type(failure).__name__}: {failure}"
        return more

    async def _notice_resumed(self) -> None:
        parked = frozenset(record["_id"] for record in await self.projecting.parking.hotels())
        for hotel in self.parked - parked:
            log.info("hotel_resumed", hotel=hotel)
            self.projecting.leave_behind(hotel, 0)
        self.parked = parked
        self.projecting.metrics.parked_hotels(len(parked))

    async def _look(self) -> None:
        """Leave those behind whose head and checkpoint are what they were at the last look, and differ."""
        seen: dict[str, tuple[int, int]] = {}
        page = Heads({}, "")
        while page.following is not None:
            page = await self.feed.heads(page.following, POSITIONS_PAGE)
            checkpoints = await self.projecting.keeping.checkpoints(page.positions)
            for hotel, head in page.positions.items():
                if checkpoints[hotel] < head and hotel not in self.parked:
                    seen[hotel] = (head, checkpoints[hotel])
        for hotel, stood in seen.items():
            if self._seen.get(hotel) == stood:
                log.info("hotel_behind", hotel=hotel, position=stood[1], head=stood[0])
                self.projecting.leave_behind(hotel, stood[0])
        self._seen = seen

    async def _pause(self, stop: asyncio.Event) -> None:
        """Until something falls behind, or the parked hotels are to be looked at again."""
        try:
            async with asyncio.timeout(self.poll_seconds):
                await wait_for_either(self.projecting.fell_behind, stop)
        except TimeoutError:
            return
        self.projecting.fell_behind.clear()
