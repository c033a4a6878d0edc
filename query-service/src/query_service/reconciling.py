"""Whether the documents of a hotel are what its events say: both are read, compared, and told apart by name.

Documents that move meanwhile are newer than what they are compared with, and are left for the next look. Where the
documents are of another history than the events, they are compared up to the events' end, and none of them is newer.
"""

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol
from zlib import crc32

import structlog

from query_service.checkpoint import Checkpoint, checkpoint_in
from query_service.digest import Digest
from query_service.diverging import Divergence, Missing, events_after
from query_service.documents import CHECKPOINTS
from query_service.folding import Address, Fault, fold, plan
from query_service.marks import count_repair
from query_service.mending import InPlace, Mended, Mending
from query_service.projections.catalog import PROJECTIONS
from query_service.projections.projection import Document
from query_service.settings import FEED_PAGE, MAX_DIFFERENCES, RECONCILE_EVENTS

MISSING: Final = "missing"
DIFFERENT: Final = "different"
UNEXPECTED: Final = "unexpected"
log = structlog.get_logger()


class Stored(Mended, Protocol):
    """Where documents are; see ``documents.Documents``."""

    async def find(self, collection: str, ids: Collection[str]) -> dict[str, Any]:
        """The documents that exist."""
        ...

    async def ids(self, collection: str, first: str, until: str) -> list[str]:
        """The ids of a range."""
        ...

    async def count_up(self, collection: str, document_id: str, field: str) -> None:
        """Add one to a field."""
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
    """What a look at one hotel found, up to its checkpoint, or up to the end of the events where it has ``diverged``.

    ``fault`` is why it could not look further. ``digest`` is that of the documents as they were found; none where some
    moved meanwhile, or not all were seen.
    """

    hotel_id: str
    checkpoint: int
    documents: int = 0
    moved: int = 0
    drift: int = 0
    repaired: int = 0
    differences: list[Difference] = field(default_factory=list[Difference])
    fault: Fault | None = None
    digest: str | None = None
    diverged: str | None = None

    def add(self, difference: Difference) -> None:
        """Count a difference; the first ``MAX_DIFFERENCES`` are named."""
        self.drift += 1
        self.repaired += difference.repaired
        if len(self.differences) < MAX_DIFFERENCES:
            self.differences.append(difference)

    def moves(self, document: Document) -> bool:
        """Whether the document is newer than the look, which is then counted."""
        moves = self.diverged is None and document["position"] > self.checkpoint
        self.moved += moves
        return bool(moves)


async def without_rest() -> None:
    """Go on at once."""


@dataclass(frozen=True, slots=True)
class Reconciling:
    """Compares a hotel's documents with the fold of its events, ``page`` at a time, with a ``rest`` after each."""

    events: Missing
    store: Stored
    page: int = FEED_PAGE
    rest: Callable[[], Awaitable[None]] = without_rest

    async def hotel(self, hotel_id: str, *, repair: bool = False) -> Report:
        """Look at every document of the hotel. May raise what the feed and the store raise; changes only to repair.

        Documents of another history are compared and left: see ``going_back``.
        """
        checkpoint, divergence = await self.stand(hotel_id)
        if divergence is not None:
            report = Report(hotel_id, divergence.events_position, diverged=divergence.reason)
            return await self.look(report)
        mending = InPlace(self.store, hotel_id) if repair else None
        report = await self.look(Report(hotel_id, checkpoint.position), mending)
        if report.repaired:
            await count_repair(self.store, hotel_id)  # again, for what was answered meanwhile
        return report

    async def stand(self, hotel_id: str) -> tuple[Checkpoint, Divergence | None]:
        """The hotel's checkpoint, and where the documents are of another history than the events, how that shows."""
        checkpoint = checkpoint_in((await self.store.find(CHECKPOINTS, [hotel_id])).get(hotel_id))
        if checkpoint.position == 0:
            return checkpoint, None
        found = await events_after(self.events, hotel_id, checkpoint, 1)
        return checkpoint, found if isinstance(found, Divergence) else None

    async def look(self, report: Report, mending: Mending | None = None) -> Report:
        """Compare up to the report's checkpoint and note what is found; differences are put right by ``mending``.

        The events are folded once for each ``RECONCILE_EVENTS`` of them, a part of the documents each time, so that
        memory stays bounded.
        """
        expected: set[Address] = set()
        digest = Digest()
        parts = report.checkpoint // RECONCILE_EVENTS + 1
        for part in range(parts):
            folded = await self._fold(report, part, parts)
            expected.update(folded)
            await self._compare(report, digest, folded, mending)
        if report.fault is None:
            await self._find_unexpected(report, digest, expected, mending)
        report.digest = None if report.moved or report.fault is not None else str(digest)
        log.info("reconciled", hotel=report.hotel_id, position=report.checkpoint, drift=report.drift)
        return report

    async def digest(self, hotel_id: str) -> Digest:
        """That of all documents of the hotel that the store holds now; of no one moment where some move meanwhile."""
        digest = Digest()
        for projection in PROJECTIONS:
            for ids in self._pages(await self._present(projection.collection, hotel_id)):
                for document in (await self.store.find(projection.collection, ids)).values():
                    digest.add(projection.collection, document)
                await self.rest()
        return digest

    async def _fold(self, report: Report, part: int, parts: int) -> dict[Address, Document]:
        documents: dict[Address, Document] = {}
        after = 0
        while after < report.checkpoint:
            page = await self.events.missing(report.hotel_id, after, min(self.page, report.checkpoint - after))
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
            await self.rest()
        return documents

    async def _compare(
        self, report: Report, digest: Digest, folded: Mapping[Address, Document], mending: Mending | None
    ) -> None:
        collections: dict[str, list[str]] = {}
        for collection, document_id in folded:
            collections.setdefault(collection, []).append(document_id)
        for collection, every in collections.items():
            for ids in self._pages(every):
                stored = await self.store.find(collection, ids)
                for document_id in ids:
                    right, found = folded[collection, document_id], stored.get(document_id)
                    report.documents += 1
                    if found is not None:
                        digest.add(collection, found)
                    if (found is None or not report.moves(found)) and found != _plain(right):
                        kind = MISSING if found is None else DIFFERENT
                        repaired = mending is not None and await mending.put_right(collection, right)
                        report.add(Difference(collection, document_id, kind, repaired))
                await self.rest()

    async def _find_unexpected(
        self, report: Report, digest: Digest, expected: Collection[Address], mending: Mending | None
    ) -> None:
        for projection in PROJECTIONS:
            collection = projection.collection
            present = await self._present(collection, report.hotel_id)
            strange = [document_id for document_id in present if (collection, document_id) not in expected]
            for document_id, document in (await self.store.find(collection, strange)).items():
                digest.add(collection, document)
                if not report.moves(document):
                    repaired = mending is not None and await mending.take_away(collection, document_id)
                    report.add(Difference(collection, document_id, UNEXPECTED, repaired))

    async def _present(self, collection: str, hotel_id: str) -> list[str]:
        """The ids of the hotel's documents: its own, and those below it."""
        below = await self.store.ids(collection, f"{hotel_id}/", f"{hotel_id}0")
        return [*below, *(await self.store.find(collection, [hotel_id]))]

    def _pages(self, ids: Sequence[str]) -> Iterator[Sequence[str]]:
        return (ids[start : start + self.page] for start in range(0, len(ids), self.page))


def _part(address: Address, parts: int) -> int:
    return crc32("/".join(address).encode()) % parts


def _plain(value: Any) -> Any:
    """The value as a store gives it back: lists for every sequence."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value
