"""A document store with guarded writes; a bulk write may be half done when it goes down.

A connection does not outlive a restore: what was under way then fails, and the process begins its batch anew. What was
between two operations notices nothing.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from query_service.documents import CHECKPOINTS, DocumentsUnavailableError
from simulation.network import Network
from simulation.process import Process

Collections = dict[str, dict[str, Any]]
SILENCE_SECONDS = 4.0


@dataclass(slots=True)
class DocumentStore:
    """The server. ``unanswered`` is how likely an operation is done, or not, without an answer.

    ``begun_at`` holds the checkpoints that each process has read last, by hotel.
    """

    network: Network
    up: bool = True
    unanswered: float = 0.0
    collections: Collections = field(default_factory=dict)
    age: int = 0
    begun_at: dict[Process, dict[str, Any]] = field(default_factory=dict[Process, dict[str, Any]])

    def of(self, collection: str) -> dict[str, Any]:
        """The documents of a collection by id."""
        return self.collections.setdefault(collection, {})

    def snapshot(self) -> Collections:
        """What a backup would hold."""
        return {name: dict(documents) for name, documents in self.collections.items()}

    def restore(self, snapshot: Collections) -> None:
        """Hold what the backup held."""
        self.age += 1
        self.collections = {name: dict(documents) for name, documents in snapshot.items()}


@dataclass(slots=True)
class SimulatedDocuments:
    """What ``query_service.documents.Documents`` is to one process."""

    store: DocumentStore
    process: Process

    async def find(self, collection: str, ids: Collection[str]) -> dict[str, Any]:
        """The documents that exist."""
        wanted = sorted(ids)

        def work() -> dict[str, Any]:
            there = self.store.of(collection)
            return {name: there[name] for name in wanted if name in there}

        found: dict[str, Any] = await self._ask(work)
        if collection == CHECKPOINTS:
            self.store.begun_at.setdefault(self.process, {}).update({hotel: found.get(hotel) for hotel in wanted})
        return found

    async def find_in(self, wanted: Mapping[str, Collection[str]]) -> dict[str, dict[str, Any]]:
        """The documents that exist, of one collection after the other: others may write in between."""
        return {collection: await self.find(collection, ids) for collection, ids in wanted.items()}

    async def first(self, collection: str, limit: int) -> list[Any]:
        """At most ``limit`` documents, in the order of their ids."""
        rows: list[Any] = await self._ask(lambda: [row for _, row in sorted(self.store.of(collection).items())][:limit])
        return rows

    async def write(self, collection: str, documents: Sequence[Mapping[str, Any]]) -> int:
        """Store each document that is newer than the one under its id; how many were not."""
        if not documents:
            return 0
        half = len(documents) // 2 if self.store.network.chance.happens(0.2) else 0
        not_newer = 0
        if half:
            self.store.network.trace.count("bulk_writes_split")
            not_newer = await self._ask(lambda: self._write(collection, documents[:half]))
        return not_newer + int(await self._ask(lambda: self._write(collection, documents[half:])))

    async def advance(self, collection: str, documents: Sequence[Mapping[str, Any]], positions: Sequence[int]) -> int:
        """Store each in the place of the one with this position and its own fence; how many had no such."""
        if not documents:
            return 0

        def work() -> int:
            there = self.store.of(collection)
            stayed = 0
            for document, position in zip(documents, positions, strict=True):
                before = there.get(document["_id"], {"position": 0, "fence": document.get("fence")})
                if (before["position"], before.get("fence")) == (position, document.get("fence")):
                    self._put(collection, document)
                else:
                    stayed += 1
            return stayed

        return int(await self._ask(work))

    async def put(self, collection: str, document: Mapping[str, Any]) -> None:
        """Store it whatever is there."""

        def work() -> None:
            self.store.network.trace.add(f"{self.store.network.loop.now:.6f} put {collection} {document['_id']}")
            self.store.of(collection)[document["_id"]] = dict(document)

        await self._ask(work)

    async def count_up(self, collection: str, document_id: str, field: str) -> None:
        """Add one to the field."""

        def work() -> None:
            there = self.store.of(collection)
            before = there.get(document_id, {"_id": document_id})
            there[document_id] = {**before, field: before.get(field, 0) + 1}

        await self._ask(work)

    async def remove(self, collection: str, document_id: str, **still: int) -> bool:
        """Remove it, if it still has these fields."""

        def work() -> bool:
            there = self.store.of(collection)
            document = there.get(document_id)
            if document is None or any(document.get(name) != value for name, value in still.items()):
                return False
            del there[document_id]
            return True

        return bool(await self._ask(work))

    async def ids(self, collection: str, first: str, until: str) -> list[str]:
        """The ids in the half-open range, in order."""
        found: list[str] = await self._ask(
            lambda: sorted(key for key in self.store.of(collection) if first <= key < until)
        )
        return found

    def _write(self, collection: str, documents: Sequence[Mapping[str, Any]]) -> int:
        there = self.store.of(collection)
        not_newer = 0
        for document in documents:
            before = there.get(document["_id"])
            if before is None or before["position"] < document["position"]:
                self._put(collection, document)
            else:
                not_newer += 1
        return not_newer

    def _put(self, collection: str, document: Mapping[str, Any]) -> None:
        key, network = document["_id"], self.store.network
        self.store.of(collection)[key] = dict(document)
        network.trace.add(f"{network.loop.now:.6f} {collection} {key} {document['position']}")

    async def _ask(self, work: Callable[[], Any]) -> Any:
        network, context, age = self.store.network, self.process.context, self.store.age
        reply: asyncio.Future[Any] = network.loop.create_future()

        def answer(value: Any, reason: str) -> None:
            if reply.done():
                return
            if reason or self.store.age != age:
                reply.set_exception(DocumentsUnavailableError(reason))
            else:
                reply.set_result(value)

        def arrive() -> None:
            if not self.store.up or self.store.age != age:
                network.to_process(context, answer, None, "down")
            elif network.chance.happens(self.store.unanswered):
                network.trace.count("answers_lost")
                if network.chance.happens(0.5):
                    work()
                network.loop.call_later(SILENCE_SECONDS, answer, None, "no answer", context=context)
            else:
                network.to_process(context, answer, work(), "")

        network.to_server(arrive)
        return await reply
