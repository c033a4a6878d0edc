"""The documents of a batch: read before it is folded, written after it, the checkpoints last."""

import asyncio
from collections.abc import Collection, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from query_service.documents import CHECKPOINTS
from query_service.folding import Address, Folded
from query_service.metrics import ProjectorMetrics
from query_service.projections.projection import Document
from shared_contracts.envelope import EventEnvelope
from shared_contracts.transport.crashing import CrashPoint, crash_here

Result = TypeVar("Result")


class Store(Protocol):
    """Where documents are; see ``documents.Documents``."""

    async def find(self, collection: str, ids: Collection[str]) -> dict[str, Any]:
        """The documents that exist."""
        ...

    async def write(self, collection: str, documents: Sequence[Document]) -> int:
        """Write those that are newer than what is there; how many were not."""
        ...


@dataclass(frozen=True, slots=True)
class Keeping:
    """Reads and writes what folding needs; raises what the store raises, once all of its answers are in."""

    store: Store
    metrics: ProjectorMetrics

    async def checkpoints(self, hotels: Iterable[str]) -> dict[str, int]:
        """The checkpoint of each of the hotels, 0 where there is none."""
        wanted = list(hotels)
        found = await self.store.find(CHECKPOINTS, wanted)
        return {hotel: found[hotel]["position"] if hotel in found else 0 for hotel in wanted}

    async def load(self, addresses: Iterable[Address]) -> dict[Address, Document]:
        """The documents that exist."""
        asked = _by_collection(addresses)
        answers = await _all(self.store.find(collection, ids) for collection, ids in asked.items())
        return {
            (collection, document_id): document
            for collection, found in zip(asked, answers, strict=True)
            for document_id, document in found.items()
        }

    async def write(self, hotels: Iterable[Folded]) -> None:
        """Write every changed document once, one bulk write a collection, at the same time."""
        changed: dict[str, list[Document]] = {}
        for folded in hotels:
            for (collection, _), document in folded.changed.items():
                changed.setdefault(collection, []).append(document)
        await _all(self._write(collection, documents) for collection, documents in changed.items())

    async def advance(self, hotels: Mapping[str, EventEnvelope]) -> None:
        """Move each hotel's checkpoint to this event, which with all before it is in every document."""
        checkpoints = [
            {"_id": hotel, "hotel_id": hotel, "position": last.position, "at": last.at.isoformat()}
            for hotel, last in hotels.items()
        ]
        await self._write(CHECKPOINTS, checkpoints)

    async def _write(self, collection: str, documents: Sequence[Document]) -> None:
        newer = await self.store.write(collection, documents)
        if collection != CHECKPOINTS:
            crash_here(CrashPoint.PROJECTOR_BETWEEN_DOCUMENTS)
        self.metrics.written(collection, len(documents), newer)


def _by_collection(addresses: Iterable[Address]) -> dict[str, list[str]]:
    collections: dict[str, list[str]] = {}
    for collection, document_id in addresses:
        collections.setdefault(collection, []).append(document_id)
    return collections


async def _all(operations: Iterable[Coroutine[Any, Any, Result]]) -> list[Result]:
    """The results of all, after all have ended, so that nothing still runs when one has failed."""
    results = await asyncio.gather(*operations, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for result in results if not isinstance(result, BaseException)]
