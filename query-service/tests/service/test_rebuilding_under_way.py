"""Rebuilds and roll-backs, killed at any moment, while projectors and readers go on, each of them asleep at any moment.

Each reader, whatever process answers it, sees every document no older than anybody has seen it before it asked.
"""

import asyncio
import random
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any

import pytest
from histories import History, documents_of
from rebuilds import ROUTES_SECONDS, SWITCH_SECONDS, rebuild_of, route_of, served
from stand_ins import FeedInMemory, as_stored, checkpoint_of, projector_of

from query_service.current_documents import CurrentDocuments
from query_service.documents import CHECKPOINTS, Documents
from query_service.feed import FeedPage, Heads
from query_service.routing import RouteRefusedError

KINDS = ("hotel", "availability", "room_rack")
ROUNDS = 4
DEATHS = 2


@dataclass
class Naps:
    """How a process is kept from going on: seldom, and then for longer than any bound that is reckoned with."""

    chance: random.Random

    async def nap(self) -> None:
        drawn = self.chance.random()
        if drawn < 0.015:
            await asyncio.sleep(self.chance.uniform(1, 3) * SWITCH_SECONDS)
        elif drawn < 0.3:
            await asyncio.sleep(self.chance.uniform(0, 0.004))


@dataclass
class SleepyStore:
    """A process's way to the store: it may sleep before each step."""

    documents: Documents
    naps: Naps

    def __getattr__(self, name: str) -> Any:
        async def after_a_nap(*args: Any, **kwargs: Any) -> Any:
            await self.naps.nap()
            return await getattr(self.documents, name)(*args, **kwargs)

        return after_a_nap


@dataclass
class SleepyFeed:
    """A process's way to the feed: it may sleep before it asks, and before it looks at the answer."""

    feed: FeedInMemory
    naps: Naps

    async def missing(self, hotel_id: str, after: int, limit: int) -> FeedPage:
        await self.naps.nap()
        page = await self.feed.missing(hotel_id, after, self.naps.chance.choice((2, limit)))
        await self.naps.nap()
        return page

    async def heads(self, after: str, limit: int) -> Heads:
        await self.naps.nap()
        return await self.feed.heads(after, limit)


@dataclass
class House:
    """Some hotels that go on booking, and what anybody has seen of them."""

    documents: Documents
    feed: FeedInMemory
    naps: Naps
    hotels: dict[str, History] = field(default_factory=dict[str, History])
    seen: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    read: int = 0
    over: bool = False

    def open(self, name: str) -> None:
        self.hotels[name] = History(name).opened()
        self.feed.events[name] = self.hotels[name].events

    async def book(self) -> None:
        """What hotels do; now and then one opens."""
        while not self.over:
            await asyncio.sleep(0.08)
            history = self.hotels[self.naps.chance.choice(sorted(self.hotels))]
            history.allowed("DBL", 0, self.naps.chance.randint(1, 30), self.naps.chance.randint(0, 5))
            if self.naps.chance.random() < 0.2:
                history.closed()
            if self.naps.chance.random() < 0.1:
                self.open(f"hotel-{len(self.hotels)}")

    async def project(self) -> None:
        """One projector, which is given anything in any order, twice and with gaps."""
        projector: Any = projector_of(
            SleepyStore(self.documents, self.naps),
            SleepyFeed(self.feed, self.naps),  # type: ignore[arg-type]
        )
        while not self.over:
            events = self.hotels[self.naps.chance.choice(sorted(self.hotels))].events
            start = max(0, len(events) - self.naps.chance.randint(1, 5))
            await projector.take(*events[start : start + self.naps.chance.randint(1, 5)])
            await projector.catching_up.once()

    async def ask(self) -> None:
        """One reader, in a process of its own."""
        store: Any = SleepyStore(self.documents, self.naps)
        reader = CurrentDocuments(store, ROUTES_SECONDS)
        while not self.over:
            history = self.hotels[self.naps.chance.choice(sorted(self.hotels))]
            kind = self.naps.chance.choice(KINDS)
            key = f"{history.hotel_id}/2016-08" if kind == "availability" else history.hotel_id
            floor = self.seen.get((kind, key), 0)
            known = await store.find(CHECKPOINTS, [history.hotel_id])
            checkpoint = known[history.hotel_id]["position"] if known else 0
            found = (await reader.find(kind, [key])).get(key)
            position = found["position"] if found else 0
            assert position >= floor, f"{kind} {key} went back from {floor} to {position}"
            promised = as_stored(documents_of(history.events[:checkpoint])).get((kind, key))
            assert promised is None or position >= promised["position"], f"{kind} {key} is not at {checkpoint}"
            if found is not None:
                right = as_stored(documents_of(history.events[:position]))
                assert found == right[kind, key], f"{kind} {key} is wrong"
            self.seen[kind, key] = max(position, self.seen.get((kind, key), 0))
            self.read += 1

    async def rebuild(self, number: int) -> None:
        """One rebuild or roll-back, killed some times, and now and then by two at once."""
        kinds = self.naps.chance.sample(KINDS, self.naps.chance.randint(1, 3))
        for death in range(DEATHS + 1):
            workers = [
                asyncio.create_task(self._whole(kinds, back=number % 2 == 1)) for _ in range(1 + (death == DEATHS))
            ]
            killed = self.naps.chance.uniform(0.05, 0.6) if death < DEATHS else None
            await asyncio.wait(workers, timeout=killed)
            for worker in workers:
                if death < DEATHS:
                    worker.cancel()
            results = await asyncio.gather(*workers, return_exceptions=True)
            failed = [one for one in results if isinstance(one, Exception)]
            if failed:
                raise failed[0]

    async def _whole(self, kinds: list[str], *, back: bool) -> None:
        store: Any = SleepyStore(self.documents, self.naps)
        feed: Any = SleepyFeed(self.feed, self.naps)
        for kind in kinds:
            route = await route_of(self.documents, kind)
            if route.finishing:
                await (await rebuild_of(store, feed)).rebuilding.finish({kind: route.current})
        try:
            await (await rebuild_of(store, feed, *kinds, back=back)).whole()
        except RouteRefusedError:
            return  # no old collection yet, or another one is under way


async def first_failure(*works: Awaitable[None]) -> None:
    """Wait until one has failed, or all have ended."""
    async with asyncio.TaskGroup() as group:
        for work in works:
            group.create_task(work)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", [1, 2])
async def test_no_reader_sees_a_document_go_back_whatever_sleeps_or_dies(
    documents: Documents, feed: FeedInMemory, seed: int
) -> None:
    house = House(documents, feed, Naps(random.Random(seed)))  # noqa: S311  # repeatable
    house.open("hotel-0")
    house.open("hotel-1")

    async def rebuild() -> None:
        for number in range(ROUNDS):
            await house.rebuild(number)
        house.over = True

    await first_failure(house.book(), *(house.project() for _ in range(3)), *(house.ask() for _ in range(6)), rebuild())
    last = projector_of(documents, feed)
    for name, history in house.hotels.items():
        last.projecting.leave_behind(name, len(history.events))
    await last.catching_up.once()
    for name, history in house.hotels.items():
        assert await checkpoint_of(documents, name) == len(history.events)
        assert await served(documents, history.events) == as_stored(documents_of(history.events))
    assert house.read > 200
    assert {(await route_of(documents, kind)).number for kind in KINDS} != {0}
