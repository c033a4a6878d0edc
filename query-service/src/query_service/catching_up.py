"""The background loop that brings hotels up to date from the feed.

It is needed after a gap, a hotel that was resumed, a broker that lost its queues. It asks only for hotels that stay
behind, and projects through the same turn as the batches. Hotels that are ahead of their feed are asked for as well:
whoever asks sees that they have diverged.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from query_service.documents import CHECKPOINTS, DocumentsUnavailableError
from query_service.feed import FeedUnavailableError, Heads
from query_service.parking import ALL, Held
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
    """Looks every ``look_seconds`` for hotels that stand still behind their feed, or are ahead of it.

    ``trouble`` says what went wrong, ``held`` who waits for an operator.
    """

    projecting: Projecting
    feed: LastPositions
    look_seconds: float = CATCH_UP_SECONDS
    poll_seconds: float = PARKED_POLL_SECONDS
    clock: Callable[[], float] = time.monotonic
    trouble: str = ""
    held: Held = field(default_factory=Held)
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
        held = await self.projecting.parking.held()
        for hotel in sorted((self.held.parked | self.held.diverged) - (held.parked | held.diverged)):
            log.info("hotel_resumed", hotel=hotel)
            self.projecting.leave_behind(hotel, 0)
        self.held = held
        self.projecting.metrics.held(held)

    async def _look(self) -> None:
        """Leave those behind whose head and checkpoint are what they were at the last look, and differ.

        And at once those whose checkpoint is ahead of the head, or that have one and no head. Heads are read before
        checkpoints, so a hotel that only moved meanwhile may be among them: the feed tells.
        """
        standing = self.held.parked | self.held.diverged
        seen: dict[str, tuple[int, int]] = {}
        known: set[str] = set()
        page = Heads({}, "")
        while page.following is not None:
            page = await self.feed.heads(page.following, POSITIONS_PAGE)
            known.update(page.positions)
            checkpoints = await self.projecting.keeping.checkpoints(page.positions)
            for hotel, head in page.positions.items():
                position = checkpoints[hotel].position
                if position < head and hotel not in standing:
                    seen[hotel] = (head, position)
                elif position > head:
                    self._ahead(hotel)
        for hotel in sorted(set(await self.projecting.keeping.store.ids(CHECKPOINTS, *ALL)) - known):
            self._ahead(hotel)
        for hotel, stood in seen.items():
            if self._seen.get(hotel) == stood:
                log.info("hotel_behind", hotel=hotel, position=stood[1], head=stood[0])
                self.projecting.leave_behind(hotel, stood[0])
        self._seen = seen

    def _ahead(self, hotel: str) -> None:
        if hotel not in self.held.diverged:
            log.info("hotel_ahead", hotel=hotel)
            self.projecting.leave_behind(hotel, 0)

    async def _pause(self, stop: asyncio.Event) -> None:
        """Until something falls behind, or the parked hotels are to be looked at again."""
        try:
            async with asyncio.timeout(self.poll_seconds):
                await wait_for_either(self.projecting.fell_behind, stop)
        except TimeoutError:
            return
        self.projecting.fell_behind.clear()
