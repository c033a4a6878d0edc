"""The document store. Only it and two beside it name the MongoDB driver, and use what motor and PyMongo share alone.

What is asked for most goes to the PyMongo client that every motor client has inside, in threads of our own.

A document is replaced only by a newer one: every write is guarded by the position that is stored. Writes are
acknowledged by a majority and journalled before they return.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from time import monotonic
from typing import Any, Final, TypeVar

import bson
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import ReadPreference, WriteConcern
from pymongo.database import Database
from pymongo.errors import CollectionInvalid, DuplicateKeyError, OperationFailure, PyMongoError

from query_service.once_more import once_more
from query_service.projections.projection import Document
from query_service.replacing import DURABLE, Replaced, Replacement, replace_all
from query_service.settings import CONNECTIONS, MAX_DOCUMENT_BYTES, MAX_IDS_PER_FIND, SERVER_SELECTION_SECONDS, Settings

CHECKPOINTS: Final = "checkpoints"
T = TypeVar("T")


class DocumentsUnavailableError(Exception):
    """The store did not answer, or not in time; a write may or may not have happened."""


class DocumentRefusedError(Exception):
    """The store does not take a document as it is: too large, or not storable."""


class Documents:
    """One database. Safe for concurrent use within one event loop; connects when it is first used."""

    def __init__(self, url: str, database: str, seconds: float) -> None:
        """Remember where; nobody waits longer than ``seconds`` for an operation, which may still be made after that."""
        milliseconds = int(seconds * 1000)
        self._seconds = seconds
        self._closed = False
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="documents")
        self._client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
            url,
            serverSelectionTimeoutMS=min(int(SERVER_SELECTION_SECONDS * 1000), milliseconds),
            connectTimeoutMS=milliseconds,
            socketTimeoutMS=milliseconds,
            waitQueueTimeoutMS=milliseconds,
            maxPoolSize=CONNECTIONS,
            appname="innkeep-query-service",
        )
        self._database = self._client.get_database(
            database, write_concern=WriteConcern(**DURABLE), read_preference=ReadPreference.PRIMARY
        )
        self._plain: Database[dict[str, Any]] = self._database.delegate

    def close(self) -> None:
        """Drop the connections; nothing is answered any more."""
        self._closed = True
        self._client.close()
        self._threads.shutdown(wait=False)

    async def ping(self) -> None:
        """Return when the store answers."""
        async with self._answering():
            await self._database.command("ping")

    async def find(self, collection: str, ids: Collection[str]) -> dict[str, Any]:
        """The documents with these ids, by id; those that do not exist are left out."""
        return (await self.find_in({collection: ids}))[collection]

    async def find_in(self, wanted: Mapping[str, Collection[str]]) -> dict[str, dict[str, Any]]:
        """What ``find`` finds in each of the collections, which are looked at one after the other, in this order."""
        lists = {collection: list(ids) for collection, ids in wanted.items()}
        async with self._answering():
            return await self._in_thread(partial(self._found, lists, monotonic() + self._seconds))

    async def first(self, collection: str, limit: int) -> list[Any]:
        """At most ``limit`` documents of a small collection, in the order of their ids."""
        async with self._answering():
            return await self._database[collection].find({}).sort("_id", 1).limit(limit).to_list(limit)

    async def write(self, collection: str, documents: Sequence[Document]) -> int:
        """Store each document that is newer than the one under its id; how many were already newer there.

        Idempotent, in no order; ``DocumentRefusedError`` where the store will never take one of them.
        """
        if not documents:
            return 0
        first = await self._replace(collection, [_guarded(one, upsert=True) for one in documents])
        if not first.kept:
            return 0
        # An insert also fails where another process has just inserted an older one: replace that, or it would stay.
        again = [_guarded(documents[index], upsert=False) for index in first.kept]
        return len(again) - (await self._replace(collection, again)).made

    async def advance(self, collection: str, documents: Sequence[Document], positions: Sequence[int]) -> int:
        """Store each document in the place of the one with this position and its own fence; how many had no such.

        Position 0 is also what does not exist. In no order.
        """
        if not documents:
            return 0
        writes = [_advanced(document, position) for document, position in zip(documents, positions, strict=True)]
        return len(documents) - (await self._replace(collection, writes)).made

    async def ids(self, collection: str, first: str, until: str) -> list[str]:
        """The ids in the half-open range ``[first, until)``, in order."""
        query: dict[str, Any] = {"_id": {"$gte": first, "$lt": until}}
        async with self._answering():
            found = await self._database[collection].find(query, {"_id": 1}).sort("_id", 1).to_list(None)
        return [document["_id"] for document in found]

    async def correct(self, collection: str, document: Document) -> bool:
        """Store the document over one that is not newer, whatever is in that; whether it was stored."""
        wanted: dict[str, Any] = {"_id": document["_id"], "position": {"$lte": document["position"]}}
        async with self._answering():
            result = await self._database[collection].replace_one(wanted, document)
        return result.matched_count == 1 or await self.write(collection, [document]) == 0

    async def put(self, collection: str, document: Document) -> None:
        """Store the document whatever is there under its id."""
        async with self._answering():
            await self._database[collection].replace_one({"_id": document["_id"]}, document, upsert=True)

    async def count_up(self, collection: str, document_id: str, field: str) -> None:
        """Add one to the field; a document that does not exist has 1 then."""
        async with self._answering():
            await self._database[collection].update_one({"_id": document_id}, {"$inc": {field: 1}}, upsert=True)

    async def remove(self, collection: str, document_id: str, **still: int) -> bool:
        """Remove a document, if it still has these fields; whether it was there."""
        async with self._answering():
            result = await self._database[collection].delete_one({"_id": document_id, **still})
            return result.deleted_count == 1

    async def exchange(self, collection: str, before: Document | None, after: Document, field: str) -> bool:
        """Put ``after`` in the place of ``before``, if that still has this field and position, or is still missing.

        Whether it was done; a write that was not answered may have been done.
        """
        async with self._answering():
            if before is None:
                try:
                    await self._database[collection].insert_one(dict(after))
                except DuplicateKeyError:
                    return False
                return True
            still = {"_id": after["_id"], field: before.get(field), "position": before.get("position")}
            result = await self._database[collection].replace_one(still, after)
        return result.matched_count == 1

    async def remove_range(self, collection: str, first: str, until: str) -> None:
        """Remove the documents with ids in the half-open range ``[first, until)``."""
        async with self._answering():
            await self._database[collection].delete_many({"_id": {"$gte": first, "$lt": until}})

    async def drop(self, collection: str) -> None:
        """Drop a collection with all that is in it; one that does not exist is dropped already."""
        async with self._answering():
            await self._database.drop_collection(collection)

    async def names(self) -> list[str]:
        """The collections that exist."""
        async with self._answering():
            return await self._database.list_collection_names()

    async def create(self, collections: Iterable[str]) -> None:
        """Create the collections that do not exist; every query goes by ``_id``, so there is no other index."""
        async with self._answering():
            present = await self._database.list_collection_names()
            for collection in set(collections) - set(present):
                try:
                    await self._database.create_collection(collection)
                except (CollectionInvalid, OperationFailure):
                    if collection not in await self._database.list_collection_names():
                        raise
                    # else somebody else was first

    async def missing(self, collections: Iterable[str]) -> list[str]:
        """Those of the collections that do not exist."""
        async with self._answering():
            return sorted(set(collections) - set(await self._database.list_collection_names()))

    def _found(self, wanted: Mapping[str, Sequence[str]], until: float) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for collection, ids in wanted.items():
            if monotonic() > until:  # nobody waits any more, and whoever asks again needs the thread
                raise DocumentsUnavailableError("not in time")
            found[collection] = self._found_in(collection, ids, until)
        return found

    def _found_in(self, collection: str, ids: Sequence[str], until: float) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for start in range(0, len(ids), MAX_IDS_PER_FIND):
            part = ids[start : start + MAX_IDS_PER_FIND]
            documents = once_more(partial(self._some, collection, part), until)
            found |= {document["_id"]: document for document in documents}
        return found

    def _some(self, collection: str, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Documents, by a command said as it is: the driver's ``find`` takes a third more time (decision 9)."""
        wanted = ids[0] if len(ids) == 1 else {"$in": ids}
        command = {"find": collection, "filter": {"_id": wanted}, "batchSize": len(ids) + 1}
        if concern := self._plain.read_concern.document:  # what the URL may say, which the driver leaves to us here
            command["readConcern"] = concern
        return self._plain.cursor_command(command).to_list()

    async def _in_thread(self, step: Callable[[], T]) -> T:
        """The result of a step that speaks to the server, made in another thread from its beginning to its end.

        Motor does the same for each single call; several cost 1.5 to 2 times as much processor time (decision 9).
        """
        if self._closed:
            raise DocumentsUnavailableError("closed")
        return await asyncio.get_running_loop().run_in_executor(self._threads, step)

    async def _replace(self, collection: str, replacements: Sequence[Replacement]) -> Replaced:
        """Make the replacements, acknowledged; raises where that is not so, or one of them will never be taken."""
        step = partial(replace_all, self._plain, collection, replacements, monotonic() + self._seconds)
        try:
            async with self._answering():
                replaced = await self._in_thread(step)
        except BSONError as error:
            raise DocumentRefusedError(f"the driver does not send it: {error}"[:200]) from error
        if replaced.refused is not None:
            raise DocumentRefusedError(replaced.refused)
        if not replaced.acknowledged:
            raise DocumentsUnavailableError("not acknowledged")
        return replaced

    @asynccontextmanager
    async def _answering(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._seconds):
                yield
        except (PyMongoError, TimeoutError) as error:
            raise DocumentsUnavailableError(f"{type(error).__name__}: {error}"[:200]) from error


def documents_of(settings: Settings, seconds: float) -> Documents:
    """The documents of this environment."""
    return Documents(settings.mongodb_url.get_secret_value(), settings.mongodb_database, seconds)


def _guarded(document: Document, *, upsert: bool) -> Replacement:
    older: dict[str, Any] = {"_id": document["_id"], "position": {"$lt": document["position"]}}
    return Replacement(older, _encoded(document), upsert)


def _advanced(document: Document, position: int) -> Replacement:
    # No fence is the same as no such field.
    known: dict[str, Any] = {"_id": document["_id"], "position": position, "fence": document.get("fence")}
    return Replacement(known, _encoded(document), upsert=position == 0)


def _encoded(document: Document) -> RawBSONDocument:
    """The document as it travels; the driver would let one that is too large go to the server, which may hang up."""
    try:
        encoded = bson.encode(document)
    except (BSONError, OverflowError) as error:
        raise DocumentRefusedError(f"{document['_id']}: {error}") from error
    if len(encoded) > MAX_DOCUMENT_BYTES:
        raise DocumentRefusedError(f"{document['_id']} has {len(encoded)} bytes")
    return RawBSONDocument(encoded)
