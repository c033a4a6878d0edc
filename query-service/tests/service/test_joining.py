"""Finds that are asked for at the same time are one find, and each asker has what it asked for."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import pytest

from query_service.documents import DocumentsUnavailableError
from query_service.joining import JoinedFinds
from query_service.settings import FINDS_AT_ONCE


@dataclass
class Store:
    """Answers a find once it may."""

    may: asyncio.Event = field(default_factory=asyncio.Event)
    finds: list[list[str]] = field(default_factory=list)
    down: bool = False

    async def find(self, collection: str, ids: Collection[str]) -> dict[str, Any]:
        self.finds.append(list(ids))
        await self.may.wait()
        if self.down:
            raise DocumentsUnavailableError("down")
        return {one: {"_id": one, "in": collection} for one in ids if one != "nowhere"}


async def asked(joined: JoinedFinds, *ids: str) -> "asyncio.Task[dict[str, Any]]":
    """A question that has been asked, and not been answered."""
    task = asyncio.create_task(joined.find("hotel", ids))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return task


async def test_questions_that_wait_go_together_and_each_gets_its_own() -> None:
    store = Store()
    joined = JoinedFinds(store)
    tasks = [await asked(joined, f"h{number}", "shared", "nowhere") for number in range(20)]
    store.may.set()
    for number, found in enumerate(await asyncio.gather(*tasks)):
        assert set(found) == {f"h{number}", "shared"}
        assert found[f"h{number}"] == {"_id": f"h{number}", "in": "hotel"}
    assert len(store.finds) == FINDS_AT_ONCE + 1
    assert sorted({one for ids in store.finds for one in ids}) == sorted(
        {"shared", "nowhere", *(f"h{n}" for n in range(20))}
    )


async def test_a_question_is_never_given_an_answer_that_was_asked_for_before_it() -> None:
    store = Store()
    joined = JoinedFinds(store)
    early = [await asked(joined, "same") for _ in range(FINDS_AT_ONCE)]
    late = await asked(joined, "same")
    assert len(store.finds) == FINDS_AT_ONCE
    store.may.set()
    await asyncio.gather(*early, late)
    assert len(store.finds) == FINDS_AT_ONCE + 1


async def test_everybody_who_asked_is_told_that_the_store_is_down_and_the_next_is_not() -> None:
    store = Store(down=True)
    joined = JoinedFinds(store)
    tasks = [await asked(joined, f"h{number}") for number in range(5)]
    store.may.set()
    for task in tasks:
        with pytest.raises(DocumentsUnavailableError):
            await task
    store.down = False
    assert set(await joined.find("hotel", ["h1"])) == {"h1"}


async def test_one_who_gives_up_keeps_nobody_waiting() -> None:
    store = Store()
    joined = JoinedFinds(store)
    first, gone, second = await asked(joined, "a"), await asked(joined, "b"), await asked(joined, "c")
    gone.cancel()
    store.may.set()
    assert set(await first) == {"a"}
    assert set(await second) == {"c"}


async def test_nothing_is_asked_for_nothing() -> None:
    store = Store()
    assert await JoinedFinds(store).find("hotel", []) == {}
    assert store.finds == []
