"""The one use case: every event of a hotel takes effect once, in order, in every document.

Documents are written before the checkpoint, and both before the caller acknowledges, so a crash anywhere means that
the events come again; documents that hold them already refuse them. What is dropped here is still in the feed.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from query_service.documents import DocumentRefusedError, DocumentsUnavailableError
from query_service.feed import FeedPage, FeedUnavailableError
from query_service.folding import Address, Fault, Folded, fold, plan
from query_service.gate import by_hotel, passed
from query_service.keeping import Keeping
from query_service.metrics import ProjectorMetrics
from query_service.parking import Parking
from query_service.settings import (
    FEED_PAGE,
    GAP_SECONDS,
    MAX_GAP_EVENTS,
    MAX_GAP_HOTELS,
    MAX_REASON,
    MAX_STORE_RETRY_SECONDS,
    STORE_RETRY_SECONDS,
)
from shared_contracts.envelope import EventEnvelope, UnreadableMessageError, decode_event
from shared_contracts.transport.consuming import Delivery, wait_for
from shared_contracts.transport.crashing import CrashPoint, crash_here

log = structlog.get_logger()


class Missing(Protocol):
    """Where every event is; see ``feed.Feed``."""

    async def missing(self, hotel_id: str, after: int, limit: int) -> FeedPage:
        """The next events of a hotel."""
        ...


@dataclass(slots=True)
class Projecting:
    """Projects batches, one at a time. ``behind`` names the hotels to be caught up from the feed, and up to where."""

    keeping: Keeping
    feed: Missing
    parking: Parking
    metrics: ProjectorMetrics
    stop: asyncio.Event
    clock: Callable[[], float] = time.time
    behind: dict[str, int] = field(default_factory=dict[str, int])
    fell_behind: asyncio.Event = field(default_factory=asyncio.Event)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def handle(self, deliveries: Sequence[Delivery]) -> None:
        """Apply every event of the batch, or see to it that the feed will give it.

        Waits for a store that is down, so that the broker need not deliver again; raises only when asked to stop.
        """
        crash_here(CrashPoint.PROJECTOR_AFTER_RECEIVE)
        retry = STORE_RETRY_SECONDS
        while True:
            try:
                return await self._take(deliveries)
            except DocumentsUnavailableError as error:
                log.warning("documents_unavailable", error=str(error), deliveries=len(deliveries))
                if await wait_for(self.stop, retry):
                    raise
                retry = min(retry * 2, MAX_STORE_RETRY_SECONDS)

    async def apply(self, envelopes: Iterable[EventEnvelope]) -> None:
        """Apply what follows each hotel's checkpoint; a gap is filled from the feed, now or by ``catch_up``."""
        arrived = by_hotel(envelopes)
        async with self._turn:
            checkpoints, parked = await self._stand(arrived)
            going = {hotel: events for hotel, events in arrived.items() if hotel not in parked}
            gaps = [hotel for hotel, events in going.items() if passed(checkpoints[hotel], events).gap]
            ready = await asyncio.gather(
                *(
                    self._ready(hotel, checkpoints[hotel], events, ask=hotel in gaps[:MAX_GAP_HOTELS])
                    for hotel, events in going.items()
                )
            )
            await self._project(dict(zip(going, ready, strict=True)))

    async def catch_up(self, hotel_id: str) -> bool:
        """Take one page of the feed for a hotel that is behind; whether there is more to take at once."""
        checkpoints, parked = await self._stand([hotel_id])
        if parked:
            self.behind.pop(hotel_id, None)
            return False
        page = await self._ask(hotel_id, checkpoints[hotel_id], FEED_PAGE)
        await self.apply(page.events)
        reached, parked = await self._stand([hotel_id])
        if page.fault is not None and not parked and reached[hotel_id] == page.fault.position - 1:
            await self.parking.park_hotel(hotel_id, page.fault)
        full = len(page.events) == FEED_PAGE
        if parked or page.fault is not None or (not full and reached[hotel_id] >= self.behind.get(hotel_id, 0)):
            self.behind.pop(hotel_id, None)
            return False
        return full

    def leave_behind(self, hotel_id: str, position: int) -> None:
        """Have the hotel caught up from the feed, at least to the position."""
        self.behind[hotel_id] = max(self.behind.get(hotel_id, 0), position)
        self.fell_behind.set()

    async def _take(self, deliveries: Sequence[Delivery]) -> None:
        envelopes: list[EventEnvelope] = []
        for delivery in deliveries:
            try:
                envelopes.append(decode_event(delivery.body))
            except UnreadableMessageError as error:
                self.metrics.parked_message()
                await self.parking.park_message(delivery, str(error))
        await self.apply(envelopes)

    async def _stand(self, hotels: Collection[str]) -> tuple[dict[str, int], frozenset[str]]:
        return await asyncio.gather(self.keeping.checkpoints(hotels), self.parking.among(hotels))

    async def _ask(self, hotel_id: str, after: int, limit: int) -> FeedPage:
        self.metrics.asked_feed()
        return await self.feed.missing(hotel_id, after, limit)

    async def _ready(
        self, hotel_id: str, checkpoint: int, events: list[EventEnvelope], *, ask: bool
    ) -> tuple[EventEnvelope, ...]:
        """What of the events can be applied now; a hotel with a gap that one page does not fill is left behind.

        So are the hotels beyond ``MAX_GAP_HOTELS``, which are not to ``ask``: a batch must not grow without bound.
        """
        ready = passed(checkpoint, events)
        if ready.gap and ask and hotel_id not in self.behind:
            try:
                async with asyncio.timeout(GAP_SECONDS):
                    page = await self._ask(hotel_id, checkpoint, MAX_GAP_EVENTS)
            except (FeedUnavailableError, TimeoutError) as error:
                log.warning("feed_unavailable", hotel=hotel_id, position=checkpoint, error=repr(error))
            else:
                ready = passed(checkpoint, [*page.events, *events])
        if ready.gap:
            self.leave_behind(hotel_id, max(event.position for event in events))
        return ready.events

    async def _project(self, ready: Mapping[str, Sequence[EventEnvelope]]) -> None:
        plans = {hotel: plan(events) for hotel, events in ready.items() if events}
        if not plans:
            return
        addresses = frozenset[Address]().union(*(planned.addresses for planned in plans.values()))
        documents = await self.keeping.load(addresses)
        folded = {hotel: fold(planned, documents) for hotel, planned in plans.items()}
        refused = await self._write(folded)
        crash_here(CrashPoint.PROJECTOR_AFTER_DOCUMENTS)
        done = {hotel: one.last for hotel, one in folded.items() if one.last is not None and hotel not in refused}
        await self.keeping.advance(done)
        crash_here(CrashPoint.PROJECTOR_AFTER_CHECKPOINT)
        faults = {hotel: one.fault for hotel, one in folded.items() if one.fault is not None} | refused
        for hotel, fault in faults.items():
            await self.parking.park_hotel(hotel, fault)
        self._count(event for hotel, last in done.items() for event in ready[hotel] if event.position <= last.position)

    async def _write(self, folded: Mapping[str, Folded]) -> dict[str, Fault]:
        """Write all, or where the store refuses a document, hotel by hotel; those that it refused, and why."""
        try:
            await self.keeping.write(folded.values())
        except DocumentRefusedError:
            log.warning("document_refused", hotels=len(folded))
        else:
            return {}
        refused: dict[str, Fault] = {}
        for hotel, one in folded.items():
            try:
                await self.keeping.write([one])
            except DocumentRefusedError as error:
                refused[hotel] = Fault(one.first, f"the store refused a document: {error}"[:MAX_REASON])
        return refused

    def _count(self, events: Iterable[EventEnvelope]) -> None:
        now = self.clock()
        self.metrics.projected([now - event.at.timestamp() for event in events])
