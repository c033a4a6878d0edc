"""The one use case: every event of a hotel takes effect once, in order, in every document.

Documents are written before the checkpoint, and both before the caller acknowledges, so a crash anywhere means that
the events come again; documents that hold them already refuse them. What is dropped here is still in the feed.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from query_service.checkpoint import Checkpoint
from query_service.diverging import Divergence, Missing, events_after
from query_service.documents import DocumentRefusedError, DocumentsUnavailableError
from query_service.feed import FeedPage, FeedUnavailableError, UnknownHotelError
from query_service.folding import Address, Fault, Folded, fold, plan
from query_service.gate import by_hotel, contradicts, passed, repeated
from query_service.keeping import Keeping, Standing, stand_of
from query_service.metrics import ProjectorMetrics
from query_service.parking import Parking
from query_service.projections.projection import Document
from query_service.routes import Copies, Route, copies_of
from query_service.settings import (
    FEED_PAGE,
    GAP_SECONDS,
    MAX_GAP_EVENTS,
    MAX_GAP_HOTELS,
    MAX_REASON,
    MAX_STORE_RETRY_SECONDS,
    STORE_RETRY_SECONDS,
)
from query_service.shadowing import write_shadows
from shared_contracts.envelope import EventEnvelope, UnreadableMessageError, decode_event
from shared_contracts.transport.consuming import Delivery, wait_for
from shared_contracts.transport.crashing import CrashPoint, crash_here

log = structlog.get_logger()


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
            standing = await self.keeping.standing(arrived)
            checkpoints = standing.checkpoints
            again = sum(repeated(checkpoints[hotel].position, events) for hotel, events in arrived.items())
            self.metrics.repeated(again)
            going = {hotel: events for hotel, events in arrived.items() if hotel not in standing.held}
            gaps = [hotel for hotel, events in going.items() if passed(checkpoints[hotel].position, events).gap]
            ready = await asyncio.gather(
                *(
                    self._ready(hotel, checkpoints[hotel], events, ask=hotel in gaps[:MAX_GAP_HOTELS])
                    for hotel, events in going.items()
                )
            )
            next_events = {hotel: events for hotel, events in zip(going, ready, strict=True) if events}
            copies = await self._copies({hotel: checkpoints[hotel] for hotel in next_events}, standing.routes)
            await self._project({hotel: next_events[hotel] for hotel in copies}, copies, standing)

    async def catch_up(self, hotel_id: str) -> bool:
        """Take one page of the feed for a hotel that is behind; whether there is more to take at once."""
        before = await self.keeping.standing([hotel_id])
        checkpoint = before.checkpoints[hotel_id]
        wanted = self.behind.get(hotel_id, 0)
        page = None if before.held else await self._page(hotel_id, checkpoint)
        if page is None:
            self.behind.pop(hotel_id, None)
            return False
        await self.apply(page.events)
        after = await self.keeping.standing([hotel_id])
        position = after.checkpoints[hotel_id].position
        if page.fault is not None and not after.held and position == page.fault.position - 1:
            await self.parking.park_hotel(hotel_id, page.fault)
        full = len(page.events) == FEED_PAGE
        # What the feed did not hold when it was asked for it was never there: a message of a history that is lost.
        there = position >= self.behind.get(hotel_id, 0) or (
            self.behind.get(hotel_id, 0) == wanted and position >= checkpoint.position + len(page.events)
        )
        if after.held or page.fault is not None or (not full and there):
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

    async def _page(self, hotel_id: str, checkpoint: Checkpoint) -> FeedPage | None:
        """The next page, or none where there is nothing to catch up with."""
        try:
            return await self._ask(hotel_id, checkpoint, FEED_PAGE)
        except UnknownHotelError:
            log.warning("hotel_unknown", hotel=hotel_id)
            return None

    async def _ask(self, hotel_id: str, checkpoint: Checkpoint, limit: int) -> FeedPage | None:
        """What follows the checkpoint; none where the events are of another history, and the hotel is marked so."""
        self.metrics.asked_feed()
        found = await events_after(self.feed, hotel_id, checkpoint, limit)
        if not isinstance(found, Divergence):
            return found
        if (await self.keeping.checkpoints([hotel_id]))[hotel_id] == checkpoint:  # else it was repaired meanwhile
            await self.parking.mark_diverged(hotel_id, found)
        return None

    async def _ready(
        self, hotel_id: str, checkpoint: Checkpoint, events: list[EventEnvelope], *, ask: bool
    ) -> tuple[EventEnvelope, ...]:
        """What of the events can be applied now; a hotel with a gap that one page does not fill is left behind.

        So are the hotels beyond ``MAX_GAP_HOTELS``, which are not to ``ask``: a batch must not grow without bound. Of
        events that contradict the documents or each other none is applied: the feed tells which of them are.
        """
        if contradicts(checkpoint, events):
            log.warning("history_contradicted", hotel=hotel_id, position=checkpoint.position)
            self.leave_behind(hotel_id, 0)
            return ()
        ready = passed(checkpoint.position, events)
        if ready.gap and ask and hotel_id not in self.behind:
            try:
                async with asyncio.timeout(GAP_SECONDS):
                    page = await self._ask(hotel_id, checkpoint, MAX_GAP_EVENTS)
            except (FeedUnavailableError, TimeoutError) as error:
                log.warning("feed_unavailable", hotel=hotel_id, position=checkpoint.position, error=repr(error))
            else:
                if page is None or contradicts(checkpoint, [*page.events, *events]):
                    self.leave_behind(hotel_id, 0)
                    return ()
                ready = passed(checkpoint.position, [*page.events, *events])
        if ready.gap:
            self.leave_behind(hotel_id, max(event.position for event in events))
        return ready.events

    async def _copies(self, checkpoints: Mapping[str, Checkpoint], routes: Mapping[str, Route]) -> dict[str, Copies]:
        """Where each hotel's events go; a hotel whose documents are served from a collection without them is parked."""
        copies = {hotel: copies_of(checkpoint, routes) for hotel, checkpoint in checkpoints.items()}
        unheld = {hotel: one.unheld for hotel, one in copies.items() if one.unheld}
        again = await self.keeping.checkpoints(unheld) if unheld else {}
        for hotel, kinds in unheld.items():
            del copies[hotel]
            if again[hotel] == checkpoints[hotel]:
                reason = f"not all documents are there: query-service rebuild {' '.join(kinds)}"
                await self.parking.park_hotel(hotel, Fault(checkpoints[hotel].position + 1, reason))
            else:
                self.leave_behind(hotel, 0)
        return copies

    async def _project(
        self, ready: Mapping[str, Sequence[EventEnvelope]], copies: Mapping[str, Copies], standing: Standing
    ) -> None:
        if not ready:
            return
        checkpoints = standing.checkpoints
        shadowed = any(one.shadows for one in copies.values())
        copies = await write_shadows(self.keeping, ready, copies, checkpoints)
        plans = {hotel: plan(events, copies[hotel].current) for hotel, events in ready.items()}
        stands = {hotel: stand_of(hotel, standing, copies[hotel]) for hotel in plans}
        addresses = {hotel: planned.addresses for hotel, planned in plans.items()}
        loaded = await self.keeping.recall(addresses, stands, look_again=shadowed)
        for hotel in loaded.moved:
            self.leave_behind(hotel, ready[hotel][-1].position)
            del plans[hotel]
        folded = {hotel: fold(planned, loaded.documents) for hotel, planned in plans.items()}
        written = folded | await self._write(folded, ready, copies, loaded.documents)
        crash_here(CrashPoint.PROJECTOR_AFTER_DOCUMENTS)
        done = {hotel: one.last for hotel, one in written.items() if one.last is not None}
        for hotel in await self.keeping.advance(done, copies, checkpoints):
            self.leave_behind(hotel, done.pop(hotel).position)
        crash_here(CrashPoint.PROJECTOR_AFTER_CHECKPOINT)
        for hotel, last in done.items():
            if written[hotel] is folded[hotel] and folded[hotel].fault is None:
                self.keeping.remember(stands[hotel].after(last, copies[hotel]), folded[hotel], loaded.documents)
        for hotel, one in written.items():
            if one.fault is not None:
                await self.parking.park_hotel(hotel, one.fault)
        self._count(event for hotel, last in done.items() for event in ready[hotel] if event.position <= last.position)

    async def _write(
        self,
        folded: Mapping[str, Folded],
        ready: Mapping[str, Sequence[EventEnvelope]],
        copies: Mapping[str, Copies],
        documents: Mapping[Address, Document],
    ) -> dict[str, Folded]:
        """Write all, or where the store refuses a document, hotel by hotel; of those it refused, what was written."""
        try:
            await self.keeping.write(folded.values())
        except DocumentRefusedError:
            log.warning("document_refused", hotels=len(folded))
        else:
            return {}
        refused: dict[str, Folded] = {}
        for hotel, one in folded.items():
            try:
                await self.keeping.write([one])
            except DocumentRefusedError:
                refused[hotel] = await self._write_one_by_one(ready[hotel], copies[hotel], documents)
        return refused

    async def _write_one_by_one(
        self, events: Sequence[EventEnvelope], copies: Copies, documents: Mapping[Address, Document]
    ) -> Folded:
        """Write a hotel's documents event by event, up to the one that makes a document which the store refuses."""
        written = dict(documents)
        last: EventEnvelope | None = None
        for event in events:
            one = fold(plan([event], copies.current), written)
            try:
                await self.keeping.write([one])
            except DocumentRefusedError as error:
                reason = f"the store refused a document: {error}"[:MAX_REASON]
                return Folded(events[0].position, {}, last, Fault(event.position, reason))
            if one.fault is not None:
                return Folded(events[0].position, {}, last, one.fault)
            written |= one.changed
            last = event
        return Folded(events[0].position, {}, last, None)

    def _count(self, events: Iterable[EventEnvelope]) -> None:
        now = self.clock()
        self.metrics.projected([now - event.at.timestamp() for event in events])
