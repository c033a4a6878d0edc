"""The documents that are served now, under the names of their kinds, wherever they are kept.

Routes are remembered for a short time. A rebuild reckons with that: before it switches it tells everybody to look
closely, and waits until all have seen it.
"""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from query_service.documents import Documents
from query_service.projections.projection import Document
from query_service.routes import KINDS, ROUTES, Route, routes_in
from query_service.settings import ROUTES_SECONDS


@dataclass(slots=True)
class CurrentDocuments:
    """Does what ``Documents`` does, in the collections that are served. Other collections are what they are."""

    documents: Documents
    seconds: float = ROUTES_SECONDS
    clock: Callable[[], float] = time.monotonic
    _asked_at: float | None = None
    _routes: Mapping[str, Route] = field(default_factory=dict[str, Route])

    async def find(self, collection: str, ids: Collection[str]) -> dict[str, Any]:
        """The documents that exist."""
        return await self.documents.find(await self._of(collection), ids)

    async def find_in(self, wanted: Mapping[str, Collection[str]]) -> dict[str, dict[str, Any]]:
        """The documents that exist, of several collections."""
        names = {collection: await self._of(collection) for collection in wanted}
        found = await self.documents.find_in({names[collection]: ids for collection, ids in wanted.items()})
        return {collection: found[name] for collection, name in names.items()}

    async def ids(self, collection: str, first: str, until: str) -> list[str]:
        """The ids of a range."""
        return await self.documents.ids(await self._of(collection), first, until)

    async def correct(self, collection: str, document: Document) -> bool:
        """Store over one that is not newer."""
        return await self.documents.correct(await self._of(collection), document)

    async def put(self, collection: str, document: Document) -> None:
        """Store whatever is there."""
        await self.documents.put(await self._of(collection), document)

    async def remove(self, collection: str, document_id: str) -> bool:
        """Remove a document."""
        return await self.documents.remove(await self._of(collection), document_id)

    async def count_up(self, collection: str, document_id: str, field: str) -> None:
        """Add one to a field."""
        await self.documents.count_up(await self._of(collection), document_id, field)

    async def _of(self, collection: str) -> str:
        if collection not in KINDS:
            return collection
        asked_at = self.clock()
        fresh = self._asked_at is not None and asked_at - self._asked_at < self.seconds
        if fresh and not self._routes[collection].closely:
            return self._routes[collection].current
        routes = routes_in(await self.documents.find(ROUTES, KINDS))
        if self._asked_at is None or asked_at >= self._asked_at:
            self._asked_at, self._routes = asked_at, routes
        return routes[collection].current
