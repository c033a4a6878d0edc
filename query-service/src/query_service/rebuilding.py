"""Rebuilds documents beside those that are served, and serves them at once when they are as far.

Readers see no position go back: what is made is written before what is served, and holds all that a projector may have
in hand who does not know of it. Whoever ends here at any point does harm to nobody, and the next one goes on.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, ParamSpec, TypeVar

import structlog

from query_service.comparing import Comparison, compare
from query_service.copying import CannotFollowError, Copying
from query_service.documents import CHECKPOINTS, DocumentsUnavailableError
from query_service.feed import FeedUnavailableError, Heads, UnknownHotelError
from query_service.marks import count_repair
from query_service.parking import ALL
from query_service.rebuild_progress import Progress
from query_service.rounds import LastPositions
from query_service.routes import Route
from query_service.routing import RouteRefusedError, Routing
from query_service.settings import (
    MAX_COMPARED,
    MAX_COMPARED_OF_HOTEL,
    MAX_REBUILD_PASSES,
    MAX_REBUILD_RETRY_SECONDS,
    POSITIONS_PAGE,
    REBUILD_RETRY_SECONDS,
    SWITCH_SECONDS,
)
from shared_contracts.transport.crashing import CrashPoint, crash_here

P = ParamSpec("P")
Result = TypeVar("Result")
DIVERGED: Final = "its documents are of another history: query-service reconcile HOTEL --repair"
log = structlog.get_logger()


class RestlessError(Exception):
    """Projectors have dropped shadows again and again: their logs say ``shadow_lost``, and why."""


@dataclass(frozen=True, slots=True)
class Rebuilding:
    """One rebuild, or roll-back, of some kinds. Waits for a store or feed that is down; may raise ``StoppedError``."""

    routing: Routing
    copying: Copying
    feed: LastPositions
    progress: Progress
    switch_seconds: float = SWITCH_SECONDS

    async def bring_up_to_date(self) -> None:
        """Have all shadows hold what is served, and stay so. Raises ``CannotFollowError`` where one cannot."""
        hotels = events = 0
        async for heads in self._heads():
            left = await self._insist(self.copying.left, heads)
            hotels, events = hotels + len(left), events + sum(left.values())
        self.progress.begin(hotels, events)
        await self._settle()
        self.progress.tell("rebuilt")

    async def compare(self) -> dict[str, Comparison]:
        """Compare a sample of each kind: all documents, where there are not too many."""
        store = self.copying.store
        hotels = await self._insist(store.ids, CHECKPOINTS, *ALL)
        found = {route.kind: Comparison() for route in self.copying.routes}
        limit = max(1, min(MAX_COMPARED_OF_HOTEL, MAX_COMPARED // max(1, len(hotels) * len(found))))
        for route in self.copying.routes:
            for hotel in hotels:
                await self._insist(compare, store, route, hotel, limit, found[route.kind])
                await self.copying.pace.rest()
        return found

    async def switch(self) -> dict[str, Route]:
        """Serve the shadows: tell readers to look closely, wait until all do, see that nothing was lost, and switch."""
        for kind in self.copying.shadows:
            await self._insist(self.routing.look_closely, kind, closely=True)
        await self.copying.pace.pause(self.switch_seconds)
        await self._settle()
        crash_here(CrashPoint.REBUILD_BEFORE_SWITCH)
        for kind, shadow in self.copying.shadows.items():
            await self._insist(self.routing.switch, kind, shadow)
            crash_here(CrashPoint.REBUILD_AFTER_SWITCH)
        return await self.finish(self.copying.shadows)

    async def finish(self, kinds: Mapping[str, str]) -> dict[str, Route]:
        """What follows a switch: new tags for all answers, readers remember routes again, nothing needless is kept."""
        store = self.copying.store
        for hotel in await self._insist(store.ids, CHECKPOINTS, *ALL):
            await self._insist(count_repair, store, hotel)
        finished: dict[str, Route] = {}
        for kind in kinds:
            route = await self._insist(self.routing.look_closely, kind, closely=False)
            await self._insist(self.routing.sweep, route)
            finished[kind] = route
        return finished

    async def _settle(self) -> None:
        """Pass through all hotels until a pass finds that projectors write to all shadows since before it began.

        Its heads are then newer than all that the others, who do not know of the shadows, may have in hand.
        """
        for _ in range(MAX_REBUILD_PASSES):
            if await self._insist(self._pass):
                return
        raise RestlessError

    async def _pass(self) -> bool:
        routes = await self.routing.routes()
        for kind, shadow in self.copying.shadows.items():
            if routes[kind].shadow != shadow:
                raise RouteRefusedError(f"somebody else has switched or given up what was made of {kind}")
        diverged = (await self.copying.parking.held()).diverged
        for hotel in sorted(diverged):
            raise CannotFollowError(hotel, 0, DIVERGED)
        known: set[str] = set()
        settled = True
        async for heads in self._heads():
            known.update(heads)
            settled &= await self._hotels(heads)
        strangers = set(await self.copying.store.ids(CHECKPOINTS, *ALL)) - known
        return settled & await self._hotels(dict.fromkeys(strangers, 0))

    async def _hotels(self, heads: Mapping[str, int]) -> bool:
        settled = True
        for hotel in await self.copying.left(heads):
            try:
                settled &= await self.copying.hotel(hotel, heads[hotel])
            except UnknownHotelError as error:
                raise CannotFollowError(hotel, 0, DIVERGED) from error
            self.progress.done_with_hotel()
        return settled

    async def _heads(self) -> AsyncIterator[Mapping[str, int]]:
        page = Heads({}, "")
        while page.following is not None:
            page = await self._insist(self.feed.heads, page.following, POSITIONS_PAGE)
            if page.positions:
                yield page.positions

    async def _insist(self, step: Callable[P, Awaitable[Result]], *args: P.args, **kwargs: P.kwargs) -> Result:
        """The step's result, tried again and again while the store or the feed does not answer."""
        retry = REBUILD_RETRY_SECONDS
        while True:
            try:
                return await step(*args, **kwargs)
            except UnknownHotelError:
                raise
            except (DocumentsUnavailableError, FeedUnavailableError) as error:
                log.warning("rebuild_waits", error=str(error))
                await self.copying.pace.pause(retry)
                retry = min(retry * 2, MAX_REBUILD_RETRY_SECONDS)
