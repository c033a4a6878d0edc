"""How documents that are not what the events say are put right: in place, or back to an earlier point."""

from dataclasses import dataclass
from typing import Protocol

from query_service.marks import count_repair
from query_service.projections.projection import Document


class Mending(Protocol):
    """What to do with a document that differs."""

    async def put_right(self, collection: str, right: Document) -> bool:
        """Store what the events say; whether it is there now."""
        ...

    async def take_away(self, collection: str, document_id: str) -> bool:
        """Remove what the events do not make; whether it is gone now."""
        ...


class Mended(Protocol):
    """Where documents are; see ``documents.Documents``."""

    async def correct(self, collection: str, document: Document) -> bool:
        """Store over one that is not newer."""
        ...

    async def put(self, collection: str, document: Document) -> None:
        """Store whatever is there."""
        ...

    async def remove(self, collection: str, document_id: str) -> bool:
        """Remove a document."""
        ...

    async def count_up(self, collection: str, document_id: str, field: str) -> None:
        """Add one to a field."""
        ...


@dataclass(slots=True)
class InPlace:
    """While projection goes on: never over a newer document, and nothing is removed.

    The repair is counted before its first document is put right: a projector that remembers the hotel's documents must
    read them again. What it has changed by then is newer.
    """

    store: Mended
    hotel_id: str
    counted: bool = False

    async def put_right(self, collection: str, right: Document) -> bool:
        """Store it where none that is newer is there."""
        if not self.counted:
            await count_repair(self.store, self.hotel_id)
            self.counted = True
        return await self.store.correct(collection, right)

    async def take_away(self, collection: str, document_id: str) -> bool:
        """Leave it to an operator."""
        del collection, document_id
        return False


@dataclass(frozen=True, slots=True)
class Back:
    """While the hotel's projection stands: over newer documents as well, which are of another history."""

    store: Mended

    async def put_right(self, collection: str, right: Document) -> bool:
        """Store it whatever is there."""
        await self.store.put(collection, right)
        return True

    async def take_away(self, collection: str, document_id: str) -> bool:
        """Remove it, once or again."""
        await self.store.remove(collection, document_id)
        return True
