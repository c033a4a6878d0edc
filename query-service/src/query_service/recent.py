"""The documents that a hotel's last batch has changed, so that the next need not ask the store for them.

They are of use while the hotel stands where that batch has put it. Another checkpoint means that somebody else went on,
that its documents go elsewhere, or that the store was put back; another number of repairs, that documents were changed
under their positions. Where the store holds a newer one at the same checkpoint, it refuses what is made of an older.
"""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import orjson

from query_service.checkpoint import Checkpoint, checkpoint_in, record_of
from query_service.folding import Address
from query_service.projections.projection import Document
from query_service.routes import Copies
from query_service.settings import MAX_RECENT_BYTES, RECENT_OVERHEAD_BYTES, STAND_BYTES
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
class _Hotel:
    """Where a hotel stands, unless a batch of it is in hand, and what is remembered of it."""

    stand: Stand | None
    addresses: set[Address] = field(default_factory=set[Address])


class _Packed(NamedTuple):
    hotel_id: str
    body: bytes

    @property
    def size(self) -> int:
        return len(self.body) + RECENT_OVERHEAD_BYTES


@dataclass(slots=True)
class RecentDocuments:
    """Remembers up to ``limit`` bytes of documents and what is around them, those that changed last."""

    limit: int = MAX_RECENT_BYTES
    _hotels: dict[str, _Hotel] = field(default_factory=dict[str, _Hotel])
    _documents: OrderedDict[Address, _Packed] = field(default_factory=OrderedDict[Address, _Packed])
    _bytes: int = 0

    def recall(self, stand: Stand, addresses: Collection[Address]) -> dict[Address, Document]:
        """Those of the documents that are remembered; nothing more of this hotel until it is kept again."""
        hotel = self._hotels.get(stand.hotel_id)
        if hotel is None:
            return {}
        if hotel.stand != stand:
            for address in tuple(hotel.addresses):
                self._forget(address)
            return {}
        hotel.stand = None
        found = ((address, self._documents.get(address)) for address in addresses)
        return {address: orjson.loads(packed.body) for address, packed in found if packed is not None}

    def keep(self, stand: Stand, changed: Mapping[Address, Document]) -> None:
        """The hotel stands so now: these of its documents are different from those that were kept before."""
        for address, document in changed.items():
            self._put(stand.hotel_id, address, document)
        if stand.hotel_id in self._hotels:
            self._hotels[stand.hotel_id].stand = stand

    def _put(self, hotel_id: str, address: Address, document: Document) -> None:
        """Remember the document; in as many bytes as it has, where the encoder would keep its whole buffer."""
        self._forget(address)
        packed = _Packed(hotel_id, bytes(memoryview(orjson.dumps(document))))
        hotel = self._hotels.get(hotel_id)
        if hotel is None:
            hotel = self._hotels[hotel_id] = _Hotel(None)
            self._bytes += STAND_BYTES
        hotel.addresses.add(address)
        self._documents[address] = packed
        self._bytes += packed.size
        while self._bytes > self.limit:
            self._forget(next(iter(self._documents)))

    def _forget(self, address: Address) -> None:
        """Remember nothing of the document, and nothing of a hotel of which there is no other."""
        packed = self._documents.pop(address, None)
        if packed is None:
            return
        self._bytes -= packed.size
        addresses = self._hotels[packed.hotel_id].addresses
        addresses.discard(address)
        if not addresses:
            del self._hotels[packed.hotel_id]
            self._bytes -= STAND_BYTES
