"""Makes a hotel's documents anew in other collections, and has projectors keep them up to date from then on.

Shadows hold what is served, and a little more, before projectors are told to write to them; the telling is one write of
the hotel's checkpoint that only succeeds while that is so.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from query_service.checkpoint import Checkpoint, checkpoint_in
from query_service.diverging import Missing
from query_service.documents import CHECKPOINTS, Documents
from query_service.folding import Fault, fold, plan
from query_service.keeping import Keeping
from query_service.parking import Parking
from query_service.projections.projection import Document
from query_service.rounds import Pace
from query_service.routes import COPIES, Route
from query_service.settings import REBUILD_PAGE
from shared_contracts.transport.crashing import CrashPoint, crash_here

log = structlog.get_logger()


class CannotFollowError(Exception):
    """A shadow cannot hold what is served of a hotel; nothing can be switched before that is mended."""

    def __init__(self, hotel_id: str, position: int, reason: str) -> None:
        """Of this hotel, from this position on."""
        super().__init__(f"{hotel_id} cannot be rebuilt beyond position {position}: {reason}")


@dataclass(frozen=True, slots=True)
class Copying:
    """Brings hotels up to date in the shadows of these routes; ``folded`` is told how many events were folded."""

    store: Documents
    keeping: Keeping
    feed: Missing
    parking: Parking
    routes: Sequence[Route]
    pace: Pace
    folded: Callable[[int], None]

    @property
    def shadows(self) -> dict[str, str]:
        """The shadow of each kind that is rebuilt."""
        return {route.kind: route.shadow for route in self.routes if route.shadow is not None}

    async def left(self, heads: Mapping[str, int]) -> dict[str, int]:
        """How many events are missing in the shadows of those hotels that are not quite there."""
        checkpoints, copied = await self.keeping.checkpoints(heads), await self._copied(heads)
        found: dict[str, int] = {}
        for hotel, head in heads.items():
            joined = self._joined(checkpoints[hotel])
            missing = max(0, head - max(copied[hotel], checkpoints[hotel].position if joined else 0))
            if missing or not joined:
                found[hotel] = missing
        return found

    async def hotel(self, hotel_id: str, head: int) -> bool:
        """Fold the hotel's events up to the head into its shadows, and have projectors go on with them.

        Whether they did so already. Idempotent; raises ``CannotFollowError``, and what the feed and the store raise.
        """
        checkpoint = (await self.keeping.checkpoints([hotel_id]))[hotel_id]
        joined = were = self._joined(checkpoint)
        after = (await self._copied([hotel_id]))[hotel_id]
        after = await self._fold(hotel_id, max(after, checkpoint.position if joined else 0), head)
        while not joined:
            record = (await self.store.find(CHECKPOINTS, [hotel_id])).get(hotel_id)
            checkpoint = checkpoint_in(record)
            if after < checkpoint.position:
                after = await self._fold(hotel_id, after, checkpoint.position)
            joined = await self._join(hotel_id, record, checkpoint)
            await self.pace.rest()
        return were

    async def _join(self, hotel_id: str, record: Document | None, checkpoint: Checkpoint) -> bool:
        """Have the checkpoint say that the shadows hold it as well, unless it has moved meanwhile."""
        await self.store.write(COPIES, [*self._served(hotel_id, checkpoint)])
        joined = {kind: list(names) for kind, names in checkpoint.collections.items()}
        for kind, shadow in self.shadows.items():
            joined[kind] = [*(name for name in checkpoint.collections_of(kind) if name != shadow), shadow]
        before = record or {"_id": hotel_id, "hotel_id": hotel_id, "position": 0}
        after: dict[str, Any] = {**before, "collections": joined, "fence": checkpoint.fence + 1}
        return await self.store.exchange(CHECKPOINTS, record, after, "fence")

    def _served(self, hotel_id: str, checkpoint: Checkpoint) -> Iterable[Document]:
        """What is served holds this at least: so far it need not be folded again to go back to it."""
        for route in self.routes:
            if route.current in checkpoint.collections_of(route.kind):
                yield _copied(route.current, hotel_id, checkpoint.position)

    async def _fold(self, hotel_id: str, after: int, until: int) -> int:
        """Fold page by page at least up to the position; the last one folded, before it where the hotel is parked."""
        while after < until:
            page = await self.feed.missing(hotel_id, after, REBUILD_PAGE)
            fault, last = page.fault, after
            if page.events:
                planned = plan(page.events, self.shadows)
                folded = fold(planned, (await self.keeping.load(planned.addresses, {})).documents)
                await self.keeping.write([folded])
                crash_here(CrashPoint.REBUILD_MID_COPY)
                fault, last = folded.fault or page.fault, folded.last.position if folded.last is not None else after
                await self.store.write(COPIES, [_copied(name, hotel_id, last) for name in self.shadows.values()])
                self.folded(last - after)
            elif fault is None:
                fault = Fault(after + 1, "its events end here; `query-service reconcile HOTEL` tells more")
            after = last
            if fault is not None and after < until:
                await self._accept(hotel_id, after, fault)
                return after
            await self.pace.rest()
        return after

    async def _accept(self, hotel_id: str, after: int, fault: Fault) -> None:
        """A hotel whose served documents stand at the same event, for an operator, may be switched as it is."""
        checkpoint = (await self.keeping.checkpoints([hotel_id]))[hotel_id]
        if after < checkpoint.position or hotel_id not in await self.parking.among([hotel_id]):
            raise CannotFollowError(hotel_id, after, fault.reason)
        log.warning("parked_hotel_rebuilt", hotel=hotel_id, position=after, reason=fault.reason)

    async def _copied(self, hotels: Iterable[str]) -> dict[str, int]:
        """How far all the shadows hold the events of each hotel."""
        wanted = list(hotels)
        names = list(self.shadows.values())
        found = await self.store.find(COPIES, [f"{name}/{hotel}" for hotel in wanted for name in names])
        return {
            hotel: min((found.get(f"{name}/{hotel}", {"position": 0})["position"] for name in names), default=0)
            for hotel in wanted
        }

    def _joined(self, checkpoint: Checkpoint) -> bool:
        """Whether it says so itself: it may also be that nobody has begun with the hotel."""
        return all(shadow in checkpoint.collections.get(kind, ()) for kind, shadow in self.shadows.items())


def _copied(collection: str, hotel_id: str, position: int) -> Document:
    return {"_id": f"{collection}/{hotel_id}", "hotel_id": hotel_id, "position": position}
