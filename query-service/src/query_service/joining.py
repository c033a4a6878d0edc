"""Finds that are asked for at the same time go to the document store as one, so that many readers cost little more.

What arrives while a find is under way waits for the next one, which begins after it: nobody is given an answer that is
older than the question. Who is alone waits for nobody.
"""

import asyncio
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from query_service.settings import FINDS_AT_ONCE, MAX_IDS_PER_FIND


class Finding(Protocol):
    """Where documents are; see ``documents.Documents``."""

    async def find(self, collection: str, ids: Collection[str]) -> dict[str, Any]:
        """The documents that exist."""
        ...


@dataclass(frozen=True, slots=True)
class _Question:
    ids: Collection[str]
    found: asyncio.Future[dict[str, Any]]


@dataclass(slots=True)
class _Collection:
    waiting: deque[_Question] = field(default_factory=deque[_Question])
    asking: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])


@dataclass(frozen=True, slots=True)
class JoinedFinds:
    """Finds as the store does, at most ``FINDS_AT_ONCE`` a collection at a time. For use within one event loop.

    Callers may be given the same document, and must not change it.
    """

    store: Finding
    _collections: dict[str, _Collection] = field(default_factory=dict[str, _Collection])

    async def find(self, collection: str, ids: Collection[str]) -> dict[str, Any]:
        """The documents with these ids, by id, as they are now or later; raises what the store raises."""
        if not ids:
            return {}
        asked = self._collections.setdefault(collection, _Collection())
        question = _Question(ids, asyncio.get_running_loop().create_future())
        asked.waiting.append(question)
        if len(asked.asking) < FINDS_AT_ONCE:
            task = asyncio.create_task(self._ask(collection, asked))
            asked.asking.add(task)
            task.add_done_callback(asked.asking.discard)
        return await question.found

    async def _ask(self, collection: str, asked: _Collection) -> None:
        while questions := _taken(asked.waiting):
            ids = dict.fromkeys(one for question in questions for one in question.ids)
            try:
                found = await self.store.find(collection, list(ids))
            except Exception as error:  # noqa: BLE001  # each of those who asked is told, and deals with it
                for question in questions:
                    if not question.found.done():
                        question.found.set_exception(error)
            else:
                for question in questions:
                    if not question.found.done():
                        question.found.set_result({one: found[one] for one in question.ids if one in found})


def _taken(waiting: deque[_Question]) -> Sequence[_Question]:
    """The next questions, as many as fit into one find, and one at least."""
    taken: list[_Question] = []
    ids = 0
    while waiting and (not taken or ids + len(waiting[0].ids) <= MAX_IDS_PER_FIND):
        question = waiting.popleft()
        if not question.found.done():
            taken.append(question)
            ids += len(question.ids)
    return taken
