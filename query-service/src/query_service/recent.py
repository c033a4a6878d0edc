"""The documents that a hotel's last batch has changed, so that the next need not ask the store for them.

They are of use while the hotel stands where that batch has put it. Another checkpoint means that somebody else went on,
that its documents go elsewhere, or that the store was put back; another number of repairs, that documents were changed
under their positions. Where the store holds a newer one at the same checkpoint, it refuses what is made of an older.
"""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import orjson

from query_service.checkpoint import Checkpoint, checkpoint_in, record_of
from query_service.folding import Address
from query_service.projections.projection import Document
from query_service.routes import Copies
from query_service.settings import MAX_RECENT_BYTES, RECENT_OVERHEAD_BYTES
from shared_contracts.envelope import EventEnvelope


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a hotel stands, how often it was repaired, and the collections that are served, by kind."""

    hotel_id: str
    checkpoint: Checkpoint
    repairs: int
    current: Mapping[str, str]

    def after(self, last: EventEnvelope, copies: Copies) -> "Stand":
        """Where it stands once this event is in these copies and the checkpoint says so."""
        record = record_of(last, copies.collections(), copies.fence)
        return replace(self, checkpoint=checkpoint_in(record))


@dataclass(slots=True)
class _Recent:
    stand: Stand | None
    documents: dict[Address, bytes] = field(default_factory=dict[Address, bytes])
    size: int = RECENT_OVERHEAD_BYTES

    def put(self, address: Address, document: Document) -> None:
        """Remember the document; in as many bytes as it has, where the encoder would keep its whole buffer."""
        packed = bytes(memoryview(orjson.dumps(document)))
        before = self.documents.get(address)
        self.size += len(packed) - len(before) if before is not None else len(packed) + RECENT_OVERHEAD_BYTES
        self.documents[address] = packed


@dataclass(slots=True)
class RecentDocuments:
    """Remembers up to ``limit`` bytes of documents and what is around them, those of the hotels that changed last."""

    limit: int = MAX_RECENT_BYTES
    _hotels: OrderedDict[str, _Recent] = field(default_factory=OrderedDict[str, _Recent])
    _bytes: int = 0

    def recall(self, stand: Stand, addresses: Collection[Address]) -> dict[Address, Document]:
        """Those of the documents that are remembered; nothing more of this hotel until it is kept again."""
        recent = self._hotels.get(stand.hotel_id)
        if recent is None or recent.stand != stand:
            self._take(stand.hotel_id)
            return {}
        recent.stand = None
        found = ((address, recent.documents.get(address)) for address in addresses)
        return {address: orjson.loads(packed) for address, packed in found if packed is not None}

    def keep(self, stand: Stand, changed: Mapping[Address, Document]) -> None:
        """The hotel stands so now: these of its documents are different from those that were kept before."""
        recent = self._take(stand.hotel_id) or _Recent(None)
        recent.stand = stand
        for address, document in changed.items():
            recent.put(address, document)
        self._hotels[stand.hotel_id] = recent
        self._bytes += recent.size
        while self._bytes > self.limit:
            self._take(next(iter(self._hotels)))

    def _take(self, hotel_id: str) -> _Recent | None:
        """Remember nothing of the hotel; what was remembered."""
        recent = self._hotels.pop(hotel_id, None)
        if recent is not None:
            self._bytes -= recent.size
        return recent
