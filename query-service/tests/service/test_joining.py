"""Finds that are asked for at the same time are one find, and each asker has what it asked for."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from query_service.documents import DocumentsUnavailableError
from query_service.joining import JoinedFinds
from query_service.settings import MAX_IDS_PER_FIND

SECONDS = 30.0


@dataclass
class Store:
    """Answers a find once it may."""

    may: asyncio.Event = field(default_factory=asyncio.Event)
    finds: list[dict[str, list[str]]] = field(default_factory=list)
    down: bool = False

    async def find_in(self, wanted: Mapping[str, Collection[str]]) -> dict[str, dict[str, Any]]:
        self.finds.append({collection: list(ids) for collection, ids in wanted.items()})
        await self.may.wait()
        if self.down:
            raise DocumentsUnavailableError("down")
        return {
            collection: {one: {"_id": one, "in": collection} for one in ids if one != "nowhere"}
            for collection, ids in wanted.items()
        }


async def asked(joined: JoinedFinds, *ids: str) -> "asyncio.Task[dict[str, Any]]":
    """A question that has been asked, and not been answered."""
    task = asyncio.create_task(joined.find("hotel", ids))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return task


async def test_questions_that_wait_go_together_and_each_gets_its_own() -> None:
    store = Store()
    joined = JoinedFinds(store, SECONDS)
    tasks = [await asked(joined, f"h{number}", "shared", "nowhere") for number in range(20)]
    store.may.set()
    for number, found in enumerate(await asyncio.gather(*tasks)):
        assert set(found) == {f"h{number}", "shared"}
        assert found[f"h{number}"] == {"_id": f"h{number}", "in": "hotel"}
    assert len(store.finds) == 2
    assert sorted({one for find in store.finds for one in find["hotel"]}) == sorted(
        {"shared", "nowhere", *(f"h{n}" for n in range(20))}
    )
    assert all(len(find["hotel"]) == len(set(find["hotel"])) for find in store.finds)


async def test_questions_about_several_collections_go_together_too() -> None:
    store = Store()
    joined = JoinedFinds(store, SECONDS)
    first = await asked(joined, "h0")
    both = asyncio.create_task(joined.find_in({"hotel": ["h1"], "availability": ["h1/2027-03"]}))
    one = await asked(joined, "h2")
    store.may.set()
    await first
    assert await both == {
        "hotel": {"h1": {"_id": "h1", "in": "hotel"}},
        "availability": {"h1/2027-03": {"_id": "h1/2027-03", "in": "availability"}},
    }
    assert set(await one) == {"h2"}
    assert store.finds[1:] == [{"hotel": ["h1", "h2"], "availability": ["h1/2027-03"]}]


async def test_a_find_is_not_longer_than_the_store_takes_at_once() -> None:
    store = Store()
    joined = JoinedFinds(store, SECONDS)
    first = await asked(joined, "h0")
    tasks = [await asked(joined, *(f"{part}/{n}" for n in range(MAX_IDS_PER_FIND // 3))) for part in range(7)]
    store.may.set()
    await asyncio.gather(first, *tasks)
    assert [len(find["hotel"]) for find in store.finds[1:]] == [MAX_IDS_PER_FIND // 3 * 3] * 2 + [MAX_IDS_PER_FIND // 3]


async def test_a_question_is_never_given_an_answer_that_was_asked_for_before_it() -> None:
    store = Store()
    joined = JoinedFinds(store, SECONDS)
    early = await asked(joined, "same")
    late = await asked(joined, "same")
    assert len(store.finds) == 1
    store.may.set()
    await asyncio.gather(early, late)
    assert len(store.finds) == 2


async def test_everybody_who_asked_is_told_that_the_store_is_down_and_the_next_is_not() -> None:
    store = Store(down=True)
    joined = JoinedFinds(store, SECONDS)
    tasks = [await asked(joined, f"h{number}") for number in range(5)]
    store.may.set()
    for task in tasks:
        with pytest.raises(DocumentsUnavailableError):
            await task
    store.down = False
    assert set(await joined.find("hotel", ["h1"])) == {"h1"}


async def test_one_who_gives_up_keeps_nobody_waiting() -> None:
    store = Store()
    joined = JoinedFinds(store, SECONDS)
    first, gone, second = await asked(joined, "a"), await asked(joined, "b"), await asked(joined, "c")
    gone.cancel()
    store.may.set()
    assert set(await first) == {"a"}
    assert set(await second) == {"c"}


async def test_nothing_is_asked_for_nothing() -> None:
    store = Store()
    assert await JoinedFinds(store, SECONDS).find("hotel", []) == {}
    assert store.finds == []


async def test_nobody_waits_longer_than_the_time_for_a_store_that_hangs() -> None:
    store = Store()
    joined = JoinedFinds(store, 0.05)
    for task in [await asked(joined, "first"), await asked(joined, "behind")]:
        with pytest.raises(DocumentsUnavailableError):
            await task
    joined.seconds = SECONDS
    store.may.set()
    assert set(await joined.find("hotel", ["h1"])) == {"h1"}
