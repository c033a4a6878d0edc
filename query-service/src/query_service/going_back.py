"""Makes the documents of a hotel those of its events where they are of another history, and lets projection go on.

Safe against projectors that run meanwhile, which leave a marked hotel alone, and against being ended at any point: the
mark is lifted last, and whoever begins again does everything again.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from query_service.checkpoint import checkpoint_in, record_of
from query_service.documents import CHECKPOINTS
from query_service.feed import FeedPage, UnknownHotelError
from query_service.folding import Fault
from query_service.marks import count_repair
from query_service.mending import Back
from query_service.parking import Parking
from query_service.reconciling import Reconciling, Report
from query_service.routes import COPIES, KINDS, ROUTES, copies_of, routes_in
from query_service.settings import REPAIR_ROUNDS, SETTLE_SECONDS

NO_HEAD: Final = "the last event cannot be read"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class GoingBack:
    """Repairs hotels that have diverged."""

    reconciling: Reconciling
    parking: Parking
    settle_seconds: float = SETTLE_SECONDS
    clock: Callable[[], float] = time.time

    async def needed(self, hotel_id: str) -> str | None:
        """Why the hotel has diverged, where it is marked so or is found so, and is marked then; else nothing."""
        mark = await self.parking.divergence_of(hotel_id)
        if mark is not None:
            return str(mark["reason"])
        _, divergence = await self.reconciling.stand(hotel_id)
        if divergence is None:
            return None
        await self.parking.mark_diverged(hotel_id, divergence)
        return divergence.reason

    async def hotel(self, hotel_id: str, reason: str, operator: str) -> Report:
        """Make the documents of a marked hotel the fold of all its events, and lift the mark. Idempotent.

        Where an event cannot be read or applied, or documents still change, the mark stays and the report tells.
        May raise what the feed and the store raise; to be called again then.
        """
        await self._settle(hotel_id)
        report = Report(hotel_id, 0)
        for _ in range(REPAIR_ROUNDS):
            head = await self._head(hotel_id)
            position = head.head if head is not None else 0
            if head is not None and not head.events:
                return Report(hotel_id, position, fault=head.fault or Fault(position, NO_HEAD), diverged=reason)
            back = Back(self.reconciling.store)
            done = await self.reconciling.look(Report(hotel_id, position, diverged=reason), back)
            report = await self.reconciling.look(Report(hotel_id, position, diverged=reason))
            if report.fault is not None:
                return report
            if report.drift == 0:
                await self._lift(hotel_id, head, operator)
                done.digest = report.digest
                return done
        log.error("hotel_still_changes", hotel=hotel_id, drift=report.drift)
        return report

    async def _settle(self, hotel_id: str) -> None:
        """Let batches end that were begun before the mark was set."""
        mark = await self.parking.divergence_of(hotel_id)
        if mark is not None:
            age = self.clock() - datetime.fromisoformat(mark["at"]).timestamp()
            await asyncio.sleep(min(self.settle_seconds, max(0.0, self.settle_seconds - age)))

    async def _head(self, hotel_id: str) -> FeedPage | None:
        """The last event alone, with its position as ``head``; none where the write side knows no such hotel."""
        try:
            head = (await self.reconciling.events.missing(hotel_id, 0, 1)).head
            page = await self.reconciling.events.missing(hotel_id, max(0, head - 1), 1)
        except UnknownHotelError:
            return None
        return FeedPage(page.events, page.fault, head)

    async def _lift(self, hotel_id: str, head: FeedPage | None, operator: str) -> None:
        store = self.reconciling.store
        await self._forget_copies(hotel_id)
        if head is None:
            await store.remove(CHECKPOINTS, hotel_id)
        else:
            checkpoint = checkpoint_in((await store.find(CHECKPOINTS, [hotel_id])).get(hotel_id))
            copies = copies_of(checkpoint, routes_in(await store.find(ROUTES, KINDS))).without_shadows()
            await store.put(CHECKPOINTS, record_of(head.events[0], copies.collections(), copies.fence + 1))
        await self.parking.resume(hotel_id)
        await count_repair(store, hotel_id)
        await self.parking.lift(hotel_id)
        log.warning("hotel_went_back", hotel=hotel_id, position=head.head if head else 0, operator=operator)

    async def _forget_copies(self, hotel_id: str) -> None:
        """Collections that are not served lose the hotel: what they hold of it is of the history that was lost."""
        store = self.parking.documents
        for route in routes_in(await store.find(ROUTES, KINDS)).values():
            for collection in filter(None, {route.current, route.shadow, route.previous}):
                await store.remove(COPIES, f"{collection}/{hotel_id}")
                if collection != route.current:
                    await store.remove(collection, hotel_id)
                    await store.remove_range(collection, f"{hotel_id}/", f"{hotel_id}0")
