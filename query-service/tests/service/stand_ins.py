"""What stands around the projector in tests: a feed in memory, and a store that fails when it is told to."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CollectorRegistry

from query_service.catching_up import CatchingUp
from query_service.documents import CHECKPOINTS, DocumentRefusedError, Documents, DocumentsUnavailableError
from query_service.feed import FeedPage, FeedUnavailableError, Heads, UnknownHotelError
from query_service.folding import Address
from query_service.keeping import Keeping
from query_service.metrics import ProjectorMetrics
from query_service.parking import Parking
from query_service.projecting import Projecting
from query_service.projections.catalog import PROJECTIONS
from query_service.projections.projection import Document
from query_service.reconciling import Reconciling
from query_service.rounds import Pace, Rounds
from shared_contracts.envelope import EventEnvelope, encode_event
from shared_contracts.transport.consuming import Delivery


@dataclass
class FeedInMemory:
    """Holds every event of some hotels; ``down`` refuses, ``asked`` remembers the questions."""

    events: dict[str, list[EventEnvelope]] = field(default_factory=dict[str, list[EventEnvelope]])
    down: bool = False
    asked: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])

    def holds(self, *hotels: Iterable[EventEnvelope]) -> None:
        """Take these hotels' events."""
        for events in hotels:
            held = list(events)
            self.events[held[0].hotel_id] = held

    async def missing(self, hotel_id: str, after: int, limit: int) -> FeedPage:
        self.asked.append((hotel_id, after))
        if self.down:
            raise FeedUnavailableError("down")
        if hotel_id not in self.events:
            raise UnknownHotelError(hotel_id)
        return FeedPage(tuple(self.events[hotel_id][after : after + limit]), head=len(self.events[hotel_id]))

    async def heads(self, after: str, limit: int) -> Heads:
        if self.down:
            raise FeedUnavailableError("down")
        hotels = sorted(hotel for hotel in self.events if hotel > after)
        page = {hotel: len(self.events[hotel]) for hotel in hotels[:limit]}
        return Heads(page, hotels[limit - 1] if len(hotels) > limit else None)


@dataclass
class BreakingStore:
    """A real store. Writes to ``broken`` collections do not happen, as when the process is killed there.

    For each time that ``refuses`` names a collection, it refuses a write.

    ``meanwhile`` happens once, before the first write.
    """

    documents: Documents
    broken: set[str] = field(default_factory=set[str])
    refuses: list[str] = field(default_factory=list[str])
    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def find_in(self, wanted: Mapping[str, Collection[str]]) -> dict[str, dict[str, Any]]:
        return await self.documents.find_in(wanted)

    async def write(self, collection: str, documents: Sequence[Document]) -> int:
        await self._before(collection)
        if collection in self.refuses:
            self.refuses.remove(collection)
            raise DocumentRefusedError("not this time")
        return await self.documents.write(collection, documents)

    async def advance(self, collection: str, documents: Sequence[Document], positions: Sequence[int]) -> int:
        await self._before(collection)
        return await self.documents.advance(collection, documents, positions)

    async def ids(self, collection: str, first: str, until: str) -> list[str]:
        return await self.documents.ids(collection, first, until)

    async def _before(self, collection: str) -> None:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        if collection in self.broken:
            raise DocumentsUnavailableError("killed here")


@dataclass
class Projector:
    """A projector without a broker: what a process would hold."""

    store: BreakingStore
    feed: FeedInMemory
    registry: CollectorRegistry
    projecting: Projecting
    catching_up: CatchingUp

    def count(self, name: str) -> float:
        """The value of a metric."""
        value = self.registry.get_sample_value(name)
        assert value is not None
        return value

    async def take(self, *events: EventEnvelope) -> None:
        """Handle the events as one batch of messages."""
        await self.projecting.handle([delivery(event) for event in events])


def projector_of(documents: Documents, feed: FeedInMemory, store: BreakingStore | None = None) -> Projector:
    """A projector on these documents, a process of its own, that does not wait for a store that fails."""
    registry = CollectorRegistry()
    metrics = ProjectorMetrics(registry)
    store, stop = store or BreakingStore(documents), asyncio.Event()
    stop.set()
    projecting = Projecting(Keeping(store, metrics), feed, Parking(documents), metrics, stop)
    return Projector(store, feed, registry, projecting, CatchingUp(projecting, feed, look_seconds=0))


def rounds_of(projector: Projector) -> Rounds:
    """Rounds over all hotels of the projector, which look again at once."""
    pace = Pace(asyncio.Event())
    reconciling = Reconciling(projector.feed, projector.store.documents, rest=pace.rest)
    return Rounds(
        reconciling,
        projector.feed,
        lambda _: True,
        projector.projecting.leave_behind,
        projector.projecting.metrics,
        pace,
        second_look_seconds=0,
    )


def delivery(event: EventEnvelope) -> Delivery:
    """The event as it comes from its queue."""
    return Delivery("events.00", encode_event(event), tag=1)


async def checkpoint_of(documents: Documents, hotel_id: str) -> int:
    """Where the hotel's documents stand; 0 where there are none."""
    found = await documents.find(CHECKPOINTS, [hotel_id])
    return found[hotel_id]["position"] if found else 0


async def stored(documents: Documents, addresses: Iterable[Address]) -> dict[Address, Any]:
    """Those of the documents that are in the store."""
    wanted = list(addresses)
    found: dict[Address, Any] = {}
    for projection in PROJECTIONS:
        ids = [key for collection, key in wanted if collection == projection.collection]
        there = await documents.find(projection.collection, ids)
        found |= {(projection.collection, key): document for key, document in there.items()}
    return found


def as_stored(documents: dict[Address, Any]) -> dict[Address, Any]:
    """Documents as the store gives them back: what is a sequence here is a list there."""
    return {address: _plain(document) for address, document in documents.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value
