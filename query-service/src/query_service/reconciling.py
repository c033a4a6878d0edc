"""Whether the documents of a hotel are what its events say: both are read, compared, and told apart by name.

Documents that move meanwhile are newer than what they are compared with, and are left for the next look.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol
from zlib import crc32

import structlog

from query_service.documents import CHECKPOINTS
from query_service.feed import FeedPage
from query_service.folding import Address, Fault, fold, plan
from query_service.projections.catalog import PROJECTIONS
from query_service.projections.projection import Document
from query_service.settings import FEED_PAGE, MAX_DIFFERENCES, RECONCILE_EVENTS

MISSING: Final = "missing"
DIFFERENT: Final = "different"
UNEXPECTED: Final = "unexpected"
log = structlog.get_logger()


class Events(Protocol):
    """Where every event is; see ``feed.Feed``."""

    async def missing(self, hotel_id: str, after: int, limit: int) -> FeedPage:
        """The next events of a hotel."""
        ...


class Stored(Protocol):
    """Where documents are; see ``documents.Documents``."""

    async def find(self, collection: str, ids: Collection[str]) -> dict[str, Any]:
        """The documents that exist."""
        ...

    async def ids(self, collection: str, first: str, until: str) -> list[str]:
        """The ids of a range."""
        ...

    async def correct(self, collection: str, document: Document) -> bool:
        """Store over one that is not newer."""
        ...


@dataclass(frozen=True, slots=True)
class Difference:
    """One document that is not what the events say; ``repaired`` where it is now."""

    collection: str
    document_id: str
    kind: str
    repaired: bool = False


@dataclass(slots=True)
class Report:
    """What a look at one hotel found, up to its checkpoint. ``fault`` is why it could not look further."""

    hotel_id: str
    checkpoint: int
    documents: int = 0
    moved: int = 0
    drift: int = 0
    repaired: int = 0
    differences: list[Difference] = field(default_factory=list[Difference])
    fault: Fault | None = None

    def add(self, difference: Difference) -> None:
        """Count a difference; the first ``MAX_DIFFERENCES`` are named."""
        self.drift += 1
        self.repaired += difference.repaired
        if len(self.differences) < MAX_DIFFERENCES:
            self.differences.append(difference)


@dataclass(frozen=True, slots=True)
class Reconciling:
    """Compares a hotel's documents with the fold of its events, and repairs on request."""

    events: Events
    store: Stored

    async def hotel(self, hotel_id: str, *, repair: bool = False) -> Report:
        """Look at every document of the hotel. May raise what the feed and the store raise; changes only to repair.

        The events are folded once for each ``RECONCILE_EVENTS`` of them, a part of the documents each time, so that
        memory stays bounded.
        """
        found = await self.store.find(CHECKPOINTS, [hotel_id])
        report = Report(hotel_id, found[hotel_id]["position"] if hotel_id in found else 0)
        expected: set[Address] = set()
        parts = report.checkpoint // RECONCILE_EVENTS + 1
        for part in range(parts):
            folded = await self._fold(report, part, parts)
            expected.update(folded)
            await self._compare(report, folded, repair=repair)
        await self._find_unexpected(report, expected)
        log.info("reconciled", hotel=hotel_id, position=report.checkpoint, drift=report.drift)
        return report

    async def _fold(self, report: Report, part: int, parts: int) -> dict[Address, Document]:
        documents: dict[Address, Document] = {}
        after = 0
        while after < report.checkpoint:
            page = await self.events.missing(report.hotel_id, after, min(FEED_PAGE, report.checkpoint - after))
            if not page.events:
                report.fault = page.fault or Fault(after + 1, "the feed ends before the checkpoint")
                break
            planned = plan(page.events)
            steps = [(event, [c for c in changes if _part(c[0], parts) == part]) for event, changes in planned.steps]
            folded = fold(replace(planned, steps=steps), documents)
            documents.update(folded.changed)
            if folded.fault is not None:
                report.fault = folded.fault
                break
            after = page.events[-1].position
        return documents

    async def _compare(self, report: Report, folded: Mapping[Address, Document], *, repair: bool) -> None:
        collections: dict[str, list[str]] = {}
        for collection, document_id in folded:
            collections.setdefault(collection, []).append(document_id)
        for collection, ids in collections.items():
            stored = await self.store.find(collection, ids)
            for document_id in ids:
                report.documents += 1
                await self._one(report, collection, folded[collection, document_id], stored.get(document_id), repair)

    async def _one(
        self,
        report: Report,
        collection: str,
        right: Document,
        stored: Document | None,
        repair: bool,  # noqa: FBT001
    ) -> None:
        if stored is not None and stored["position"] > report.checkpoint:
            report.moved += 1
        elif stored != _plain(right):
            kind = MISSING if stored is None else DIFFERENT
            repaired = repair and await self.store.correct(collection, right)
            report.add(Difference(collection, right["_id"], kind, repaired))

    async def _find_unexpected(self, report: Report, expected: Collection[Address]) -> None:
        if report.fault is not None:
            return
        for projection in PROJECTIONS:
            own, below = f"{report.hotel_id}", f"{report.hotel_id}/"
            ids = await self.store.ids(projection.collection, below, f"{report.hotel_id}0")
            present = [*ids, *(await self.store.find(projection.collection, [own]))]
            strange = [document_id for document_id in present if (projection.collection, document_id) not in expected]
            for document_id, document in (await self.store.find(projection.collection, strange)).items():
                if document["position"] > report.checkpoint:
                    report.moved += 1
                else:
                    report.add(Difference(projection.collection, document_id, UNEXPECTED))


def _part(address: Address, parts: int) -> int:
    return crc32("/".join(address).encode()) % parts


def _plain(value: Any) -> Any:
    """The value as a store gives it back: lists for every sequence."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value
