"""Finds that are asked for at the same time go to the document store as one, so that many readers cost little more.

What arrives while a find is under way waits for the next one, which begins after it: nobody is given an answer that is
older than the question. Who is alone waits for nobody.
"""

import asyncio
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from query_service.documents import DocumentsUnavailableError
from query_service.settings import MAX_IDS_PER_FIND


class Finding(Protocol):
    """Where documents are; see ``documents.Documents``."""

    async def find_in(self, wanted: Mapping[str, Collection[str]]) -> dict[str, dict[str, Any]]:
        """The documents that exist, of several collections."""
        ...


@dataclass(frozen=True, slots=True)
class _Question:
    wanted: Mapping[str, Collection[str]]
    found: asyncio.Future[dict[str, dict[str, Any]]]


@dataclass(slots=True)
class JoinedFinds:
    """Finds as the store does, one at a time; nobody waits longer than ``seconds``. For use within one event loop.

    Callers may be given the same document, and must not change it. The collections are looked at in the order in which
    they were first asked for; who needs another order needs finds of its own.
    """

    store: Finding
    seconds: float
    _waiting: deque[_Question] = field(default_factory=deque[_Question])
    _asking: asyncio.Task[None] | None = None

    async def find(self, collection: str, ids: Collection[str]) -> dict[str, Any]:
        """The documents of one collection with these ids, by id; as ``find_in``."""
        return (await self.find_in({collection: ids}))[collection]

    async def find_in(self, wanted: Mapping[str, Collection[str]]) -> dict[str, dict[str, Any]]:
        """The documents with these ids, by collection and id, as they are now or later; raises what the store does."""
        if not any(wanted.values()):
            return {collection: {} for collection in wanted}
        question = _Question(wanted, asyncio.get_running_loop().create_future())
        self._waiting.append(question)
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        try:
            async with asyncio.timeout(self.seconds):
                return await question.found
        except TimeoutError as error:
            raise DocumentsUnavailableError("others were not answered in time") from error

    async def _ask(self) -> None:
        while questions := _taken(self._waiting):
            try:
                found = await self.store.find_in(_together(questions))
            except Exception as error:  # noqa: BLE001  # each of those who asked is told, and deals with it
                for question in questions:
                    if not question.found.done():
                        question.found.set_exception(error)
            else:
                for question in questions:
                    if not question.found.done():
                        question.found.set_result(_own(question.wanted, found))


def _taken(waiting: deque[_Question]) -> Sequence[_Question]:
    """The next questions, as many as fit into one find, and one at least."""
    taken: list[_Question] = []
    ids = 0
    while waiting:
        ids += sum(map(len, waiting[0].wanted.values()))
        if taken and ids > MAX_IDS_PER_FIND:
            break
        question = waiting.popleft()
        if not question.found.done():
            taken.append(question)
    return taken


def _together(questions: Sequence[_Question]) -> dict[str, Collection[str]]:
    """Each id once."""
    wanted: dict[str, dict[str, None]] = {}
    for question in questions:
        for collection, ids in question.wanted.items():
            wanted.setdefault(collection, {}).update(dict.fromkeys(ids))
    return {collection: list(ids) for collection, ids in wanted.items()}


def _own(wanted: Mapping[str, Collection[str]], found: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        collection: {one: found[collection][one] for one in ids if one in found[collection]}
        for collection, ids in wanted.items()
    }
