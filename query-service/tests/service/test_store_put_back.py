"""The document store is put back to an older copy while a projector is in the middle of a batch."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from histories import History, documents_of
from prometheus_client import CollectorRegistry
from rebuilds import rebuild_of
from stand_ins import FeedInMemory, Projector, as_stored, checkpoint_of, delivery, stored

from query_service.documents import CHECKPOINTS, Documents
from query_service.keeping import Keeping
from query_service.metrics import ProjectorMetrics
from query_service.parking import Parking
from query_service.projecting import Projecting
from query_service.projections.catalog import PROJECTIONS
from query_service.projections.projection import Document
from shared_contracts.envelope import EventEnvelope

SHADOWED, SHADOW = "availability", "availability.1"
KINDS = (*(projection.collection for projection in PROJECTIONS), SHADOW, CHECKPOINTS)
COPIED, KNOWN = 4, 8


@dataclass
class StoreThatIsPutBack:
    """A real store, which is put back to the copy just before one of the operations."""

    documents: Documents
    copy: dict[str, dict[str, Any]]
    at: int = -1
    operations: list[str] = field(default_factory=list[str])
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def find_in(self, wanted: Mapping[str, Collection[str]]) -> dict[str, dict[str, Any]]:
        """As the real one does: one collection after the other."""
        found: dict[str, dict[str, Any]] = {}
        for collection, ids in wanted.items():
            await self._before(f"find {collection}")
            found |= await self.documents.find_in({collection: ids})
        return found

    async def write(self, collection: str, documents: Sequence[Document]) -> int:
        await self._before(f"write {collection}")
        return await self.documents.write(collection, documents)

    async def advance(self, collection: str, documents: Sequence[Document], positions: Sequence[int]) -> int:
        await self._before(f"advance {collection}")
        return await self.documents.advance(collection, documents, positions)

    async def ids(self, collection: str, first: str, until: str) -> list[str]:
        return await self.documents.ids(collection, first, until)

    async def _before(self, operation: str) -> None:
        async with self._turn:
            self.operations.append(operation)
            if len(self.operations) - 1 == self.at:
                await put_back(self.documents, self.copy)


async def copy_of(documents: Documents) -> dict[str, dict[str, Any]]:
    """All that is stored."""
    return {kind: await documents.find(kind, await documents.ids(kind, "", "~")) for kind in KINDS}


async def put_back(documents: Documents, copy: dict[str, dict[str, Any]]) -> None:
    """Have the store hold what the copy holds."""
    for kind, found in copy.items():
        await documents.remove_range(kind, "", "~")
        for document in found.values():
            await documents.put(kind, document)


def projecting_on(store: StoreThatIsPutBack, feed: FeedInMemory) -> Projecting:
    """A projector that has seen nothing yet."""
    metrics = ProjectorMetrics(CollectorRegistry())
    return Projecting(Keeping(store, metrics), feed, Parking(store.documents), metrics, asyncio.Event())


async def take(projecting: Projecting, events: Sequence[EventEnvelope]) -> None:
    """Take the events as one batch, if there are any."""
    if events:
        await projecting.handle([delivery(event) for event in events])


@pytest.mark.parametrize("own", [KNOWN, COPIED], ids=["the first batch", "a batch after another"])
async def test_wherever_in_a_batch_it_happens_the_documents_are_what_the_events_say(
    projector: Projector, documents: Documents, feed: FeedInMemory, history: History, own: int
) -> None:
    """Those that are served, and those that a rebuild is making. What comes after ``own`` the same projector takes."""
    await projector.take(*history.events[:COPIED])
    feed.holds(history.events[:COPIED])
    await (await rebuild_of(documents, feed, SHADOWED)).rebuilding.bring_up_to_date()
    feed.holds(history.events)
    older = await copy_of(documents)
    await projector.take(*history.events[COPIED:own])
    begun = await copy_of(documents)
    wanted = as_stored(documents_of(history.events))
    shadows = {key: document for (kind, key), document in wanted.items() if kind == SHADOWED}
    at, ended = 0, False
    while not ended:
        await put_back(documents, begun)
        store = StoreThatIsPutBack(documents, older)
        projecting = projecting_on(store, feed)
        await take(projecting, history.events[own:KNOWN])
        store.operations.clear()
        store.at = at
        await take(projecting, history.events[KNOWN:])
        while projecting.behind:
            await projecting.catch_up(history.hotel_id)
        ended = len(store.operations) <= at
        operation = "nothing" if ended else store.operations[at]
        assert await stored(documents, wanted) == wanted, f"put back before {operation}, number {at}"
        assert await documents.find(SHADOW, [*shadows]) == shadows, f"put back before {operation}, number {at}"
        assert await checkpoint_of(documents, history.hotel_id) == len(history.events)
        at += 1
    assert {f"write {SHADOW}", f"advance {CHECKPOINTS}"} <= {*store.operations}
