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

SHADOWED, SHADOW = "availability", "availability.1"
KINDS = (*(projection.collection for projection in PROJECTIONS), SHADOW, CHECKPOINTS)
COPIED, KNOWN = 4, 8


@dataclass
class StoreThatIsPutBack:
    """A real store, which is put back to the copy just before one of the operations."""

    documents: Documents
    copy: dict[str, dict[str, Any]]
    at: int
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


async def batch_with(store: StoreThatIsPutBack, feed: FeedInMemory, history: History) -> Projecting:
    """Take the events after the known ones as one batch."""
    metrics = ProjectorMetrics(CollectorRegistry())
    projecting = Projecting(Keeping(store, metrics), feed, Parking(store.documents), metrics, asyncio.Event())
    await projecting.handle([delivery(event) for event in history.events[KNOWN:]])
    return projecting


async def operations_of_a_batch(documents: Documents, feed: FeedInMemory, history: History) -> list[str]:
    """What a batch asks of the store, in order, when nothing happens."""
    before = await copy_of(documents)
    store = StoreThatIsPutBack(documents, {}, at=-1)
    await batch_with(store, feed, history)
    await put_back(documents, before)
    return store.operations


@pytest.mark.timeout(120)
async def test_wherever_in_a_batch_it_happens_the_documents_are_what_the_events_say(
    projector: Projector, documents: Documents, feed: FeedInMemory, history: History
) -> None:
    """Those that are served, and those that a rebuild is making."""
    await projector.take(*history.events[:COPIED])
    feed.holds(history.events[:COPIED])
    await (await rebuild_of(documents, feed, SHADOWED)).rebuilding.bring_up_to_date()
    feed.holds(history.events)
    older = await copy_of(documents)
    await projector.take(*history.events[COPIED:KNOWN])
    known = await copy_of(documents)
    operations = await operations_of_a_batch(documents, feed, history)
    assert {f"write {SHADOW}", f"advance {CHECKPOINTS}"} <= {*operations}
    wanted = as_stored(documents_of(history.events))
    shadows = {key: document for (kind, key), document in wanted.items() if kind == SHADOWED}
    for at, operation in enumerate(operations):
        await put_back(documents, known)
        store = StoreThatIsPutBack(documents, older, at)
        projecting = await batch_with(store, feed, history)
        while projecting.behind:
            await projecting.catch_up(history.hotel_id)
        assert await stored(documents, wanted) == wanted, f"put back before {operation}, number {at}"
        assert await documents.find(SHADOW, [*shadows]) == shadows, f"put back before {operation}, number {at}"
        assert await checkpoint_of(documents, history.hotel_id) == len(history.events)
