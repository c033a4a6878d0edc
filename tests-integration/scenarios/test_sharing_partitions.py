"""Workers, and projectors, share the partitions evenly; whoever falls silent is replaced, and does no harm later."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import httpx2
import pytest

from harness.pair import Pair
from harness.partitions import all_went_well, bustling, shares_become, taken
from harness.process import Process
from harness.waiting import until

# Twice what is promised: the machine may pause. Chaos R18 measures the promise itself.
REBALANCE_SECONDS = 20
TAKE_OVER_SECONDS = 30
ROLES = ["worker", "projector"]
HOLDS_LOCKS = """
SELECT count(*) FROM pg_stat_activity
WHERE application_name = 'innkeep-worker' AND state = 'idle in transaction'
      AND clock_timestamp() - state_change > '200ms'
"""


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(timeout=40) as opened:
        yield opened


@asynccontextmanager
async def a_second(pair: Pair, role: str) -> AsyncIterator[Process]:
    process = pair.add(role, 2)
    process.start()
    try:
        await process.ready()
        yield process
    finally:
        process.end()


@pytest.mark.parametrize("role", ROLES)
async def test_two_share_evenly_one_serves_all_when_the_other_dies_and_it_is_even_again_when_it_is_back(
    pair: Pair, client: httpx2.AsyncClient, role: str
) -> None:
    first = pair[role]
    async with bustling(pair, client) as bustle:
        assert await shares_become(client, [first], [16]) < REBALANCE_SECONDS
        async with a_second(pair, role) as second:
            joined = await shares_become(client, [first, second], [8, 8])
            second.kill()
            died = await shares_become(client, [first], [16])
            second.start()
            await second.ready()
            back = await shares_become(client, [first, second], [8, 8])
            first.kill()
            other = await shares_become(client, [second], [16])
            first.start()
            await first.ready()
            again = await shares_become(client, [first, second], [8, 8])
            assert second.stop() == 0
            stopped = await shares_become(client, [first], [16])
    took = {"joined": joined, "died": died, "back": back, "the first died": other, "again": again, "stopped": stopped}
    print(role, took)
    assert max(took.values()) < REBALANCE_SECONDS, took
    await all_went_well(bustle)


async def paused_within_a_transaction(worker: Process, database: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Pause it so that the hotels of a batch are locked."""

    async def locked() -> bool:
        worker.pause()
        await asyncio.sleep(0.3)  # longer than any session of a live worker does nothing within a transaction
        if await database.fetchval(HOLDS_LOCKS):
            return True
        worker.resume()
        await asyncio.sleep(0.05)
        return False

    await until(locked, 60)


async def takes_from_all(client: httpx2.AsyncClient, process: Process, started: float) -> float:
    """Wait until the process has taken something from every queue from now on; the seconds since ``started``."""
    before = await taken(client, process)

    async def from_all() -> bool:
        return all(number > before[queue] for queue, number in (await taken(client, process)).items())

    await until(from_all, 2 * TAKE_OVER_SECONDS)
    return time.monotonic() - started


@pytest.mark.parametrize("role", ROLES)
async def test_a_paused_process_is_replaced_and_does_no_harm_when_it_wakes(
    pair: Pair, client: httpx2.AsyncClient, role: str, postgres_url: str
) -> None:
    first = pair[role]
    database = await asyncpg.connect(postgres_url)
    async with bustling(pair, client) as bustle, a_second(pair, role) as second:
        await shares_become(client, [first, second], [8, 8])
        started = time.monotonic()
        if role == "worker":
            await paused_within_a_transaction(first, database)
            started = time.monotonic() - 0.3
        else:
            first.pause()
        try:
            took = await takes_from_all(client, second, started)
        finally:
            first.resume()
        print(role, "taken over", took)
        assert took < TAKE_OVER_SECONDS
        woke = await shares_become(client, [first, second], [8, 8])
        print(role, "even again after waking", woke)
        assert woke < REBALANCE_SECONDS
        assert second.stop() == 0
    await database.close()
    await all_went_well(bustle)
