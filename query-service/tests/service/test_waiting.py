"""Reading one's own write."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from histories import History
from stand_ins import Projector

from harness.waiting import until
from query_service.documents import Documents, DocumentsUnavailableError
from query_service.waiting import Waiting


@asynccontextmanager
async def waiting_on(documents: Documents, seconds: float) -> AsyncIterator[Waiting]:
    waiting, stop = Waiting(documents, seconds), asyncio.Event()
    running = asyncio.create_task(waiting.run(stop))
    try:
        yield waiting
    finally:
        stop.set()
        await running


async def test_what_is_there_is_not_waited_for(projector: Projector, documents: Documents, history: History) -> None:
    await projector.take(*history.events)
    async with waiting_on(documents, 10) as waiting:
        assert await waiting.reach("seaside", 1) == len(history.events)


async def test_what_comes_in_time_is_waited_for(projector: Projector, documents: Documents, history: History) -> None:
    async with waiting_on(documents, 10) as waiting:
        asked = [asyncio.create_task(waiting.reach("seaside", number)) for number in (1, 5, len(history.events))]
        await asyncio.sleep(0.05)
        await projector.take(*history.events[:5])
        assert (await asked[0], await asked[1]) == (5, 5)
        assert not asked[2].done()
        await projector.take(*history.events[5:])
        assert await asked[2] == len(history.events)


async def test_of_what_does_not_come_in_time_is_said_how_much_came(
    projector: Projector, documents: Documents, history: History
) -> None:
    await projector.take(*history.events[:3])
    async with waiting_on(documents, 5) as waiting:
        asked = asyncio.create_task(waiting.reach("seaside", len(history.events)))
        await asyncio.sleep(0.05)
        await projector.take(*history.events[3:5])
        assert await asked == 5


async def test_more_than_may_wait_are_told_at_once(documents: Documents, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("query_service.waiting.MAX_WAITING_REQUESTS", 1)
    async with waiting_on(documents, 30) as waiting:
        first = asyncio.create_task(waiting.reach("seaside", 1))
        await until(lambda: bool(waiting._waiters))
        async with asyncio.timeout(10):
            assert await waiting.reach("seaside", 1) == 0
        assert not first.done()
    assert await first == 0


async def test_a_store_that_goes_down_is_told_to_everybody_who_waits(documents: Documents) -> None:
    down = False

    class Failing:
        async def find(self, collection: str, ids: object) -> dict[str, object]:  # noqa: ARG002  # a port
            if down:
                raise DocumentsUnavailableError("down")
            return {}

    waiting, stop = Waiting(Failing(), 10), asyncio.Event()
    running = asyncio.create_task(waiting.run(stop))
    asked = asyncio.create_task(waiting.reach("seaside", 1))
    await asyncio.sleep(0.05)
    down = True
    with pytest.raises(DocumentsUnavailableError):
        await asked
    stop.set()
    await running


async def test_who_still_waits_when_the_process_ends_is_told_no(documents: Documents) -> None:
    waiting, stop = Waiting(documents, 30), asyncio.Event()
    running = asyncio.create_task(waiting.run(stop))
    asked = asyncio.create_task(waiting.reach("seaside", 1))
    await until(lambda: bool(waiting._waiters))
    stop.set()
    await running
    async with asyncio.timeout(10):
        assert await asked == 0
