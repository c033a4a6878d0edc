"""The documents of a batch: read before it is folded, written after it, the checkpoints last."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from query_service.checkpoint import Checkpoint, checkpoint_in, record_of
from query_service.documents import CHECKPOINTS
from query_service.folding import Address, Folded
from query_service.marks import REPAIRS, repairs_in
from query_service.metrics import ProjectorMetrics
from query_service.parking import DIVERGED_HOTELS, PARKED_HOTELS
from query_service.projections.projection import Document
from query_service.recent import RecentDocuments, Stand
from query_service.routes import KINDS, ROUTES, Copies, Route, routes_in
from shared_contracts.envelope import EventEnvelope
from shared_contracts.transport.crashing import CrashPoint, crash_here
from shared_contracts.transport.waiting import wait_for_all


class Store(Protocol):
    """Where documents are; see ``documents.Documents``."""

    async def find_in(self, wanted: Mapping[str, Collection[str]]) -> dict[str, dict[str, Any]]:
        """The documents that exist, of one collection after the other, in this order."""
        ...

    async def write(self, collection: str, documents: Sequence[Document]) -> int:
        """Write those that are newer than what is there; how many were not."""
        ...

    async def advance(self, collection: str, documents: Sequence[Document], positions: Sequence[int]) -> int:
        """Store each in the place of the one with this position and its own fence; how many had no such."""
        ...

    async def ids(self, collection: str, first: str, until: str) -> list[str]:
        """The ids of a range."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """Of some hotels: their checkpoints, those that wait for an operator, and the routes as read after all that.

    ``repairs`` is how often documents were changed under their positions, where they ever were.
    """

    checkpoints: Mapping[str, Checkpoint]
    held: frozenset[str]
    repairs: Mapping[str, int]
    routes: Mapping[str, Route]


@dataclass(frozen=True, slots=True)
class Loaded:
    """Documents that exist, and the hotels whose checkpoint was not the known one any more after they were read.

    What was read between the one look and the other may be of two lives of the store: it was put back to an older
    copy, or to another history.
    """

    documents: dict[Address, Document]
    moved: frozenset[str]


@dataclass(frozen=True, slots=True)
class Keeping:
    """Reads and writes what folding needs; raises what the store raises, once all of its answers are in."""

    store: Store
    metrics: ProjectorMetrics
    recent: RecentDocuments = field(default_factory=RecentDocuments)

    async def checkpoints(self, hotels: Iterable[str]) -> dict[str, Checkpoint]:
        """The checkpoint of each of the hotels."""
        wanted = list(hotels)
        found = await self.store.find_in({CHECKPOINTS: wanted})
        return _checkpoints(wanted, found)

    async def standing(self, hotels: Collection[str]) -> Standing:
        """How the hotels stand."""
        wanted = list(hotels)
        found = await self.store.find_in(
            {CHECKPOINTS: wanted, PARKED_HOTELS: wanted, DIVERGED_HOTELS: wanted, REPAIRS: wanted, ROUTES: KINDS}
        )
        held = frozenset((*found[PARKED_HOTELS], *found[DIVERGED_HOTELS]))
        repairs = {hotel: repairs_in(record) for hotel, record in found[REPAIRS].items()}
        return Standing(_checkpoints(wanted, found), held, repairs, routes_in(found[ROUTES]))

    async def load(self, addresses: Iterable[Address], checkpoints: Mapping[str, Checkpoint]) -> Loaded:
        """The documents, then once more the checkpoints of their hotels, which were these."""
        asked = _by_collection(addresses)
        found = await self.store.find_in({**asked, CHECKPOINTS: list(checkpoints)})
        again = _checkpoints(checkpoints, found)
        documents = {
            (collection, document_id): document
            for collection in asked
            for document_id, document in found[collection].items()
        }
        moved = frozenset(hotel for hotel, checkpoint in checkpoints.items() if again[hotel] != checkpoint)
        return Loaded(documents, moved)

    async def recall(
        self, addresses: Mapping[str, Collection[Address]], stands: Mapping[str, Stand], *, look_again: bool
    ) -> Loaded:
        """As ``load``, by hotel, without asking for those that are remembered of hotels that still stand so.

        Where all are remembered the checkpoints are only read if it is to ``look_again``, as after a long time.
        """
        known: dict[Address, Document] = {}
        for hotel, stand in stands.items():
            known |= self.recent.recall(stand, addresses[hotel])
        unknown = frozenset[Address]().union(*addresses.values()) - known.keys()
        if not unknown and not look_again:
            return Loaded(known, frozenset())
        loaded = await self.load(unknown, {hotel: stand.checkpoint for hotel, stand in stands.items()})
        return Loaded(known | loaded.documents, loaded.moved)

    def remember(self, stand: Stand, folded: Folded, before: Mapping[Address, Document]) -> None:
        """Remember what was changed and written of a hotel that stands so now.

        What was not there before is not: most are reservations, whose next event comes days later.
        """
        self.recent.keep(stand, {address: one for address, one in folded.changed.items() if address in before})

    async def write(self, hotels: Iterable[Folded]) -> None:
        """Write every changed document once, those of a collection together, and all collections at the same time."""
        changed: dict[str, list[Document]] = {}
        for folded in hotels:
            for (collection, _), document in folded.changed.items():
                changed.setdefault(collection, []).append(document)
        await wait_for_all(self._write(collection, documents) for collection, documents in changed.items())

    async def advance(
        self, hotels: Mapping[str, EventEnvelope], copies: Mapping[str, Copies], checkpoints: Mapping[str, Checkpoint]
    ) -> list[str]:
        """Move each hotel's checkpoint to this event, which with all before it is in every document of the copies.

        The hotels whose checkpoint stays before it: it is not the one that the documents were folded from, or has
        another fence now, and other copies.
        """
        records = [record_of(last, copies[hotel].collections(), copies[hotel].fence) for hotel, last in hotels.items()]
        stayed = await self.store.advance(CHECKPOINTS, records, [checkpoints[hotel].position for hotel in hotels])
        self.metrics.written(CHECKPOINTS, len(records), stayed)
        if not stayed:
            return []
        reached = await self.checkpoints(hotels)
        return [hotel for hotel, last in hotels.items() if reached[hotel].position < last.position]

    async def _write(self, collection: str, documents: Sequence[Document]) -> None:
        newer = await self.store.write(collection, documents)
        crash_here(CrashPoint.PROJECTOR_BETWEEN_DOCUMENTS)
        self.metrics.written(collection, len(documents), newer)


def stand_of(hotel_id: str, standing: Standing, copies: Copies) -> Stand:
    """How a hotel stands before its next events, which go to these copies."""
    return Stand(hotel_id, standing.checkpoints[hotel_id], standing.repairs.get(hotel_id, 0), copies.current)


def _checkpoints(hotels: Iterable[str], found: Mapping[str, Mapping[str, Any]]) -> dict[str, Checkpoint]:
    return {hotel: checkpoint_in(found[CHECKPOINTS].get(hotel)) for hotel in hotels}


def _by_collection(addresses: Iterable[Address]) -> dict[str, list[str]]:
    collections: dict[str, list[str]] = {}
    for collection, document_id in addresses:
        collections.setdefault(collection, []).append(document_id)
    return collections
