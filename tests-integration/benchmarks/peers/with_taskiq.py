"""Taskiq with taskiq-aio-pika: a quorum queue, as it declares one, and its receiver's own hundred tasks at once."""
# pyright: reportMissingImports=false

import asyncio
import time
from typing import Any, Final

import uvloop
from taskiq.api import run_receiver_task
from taskiq_aio_pika import AioPikaBroker, Queue

from benchmarks.peers.booking_asyncpg import book, sessions
from benchmarks.peers.chunks import chunks
from benchmarks.peers.place import Commands, Place

TASK: Final = "book"
TOGETHER: Final = 200
PREFETCH: Final = 200


def _broker(place: Place) -> Any:
    return AioPikaBroker(place.broker, qos=PREFETCH, task_queues=[Queue(name=place.queue)])


async def _enqueue(place: Place, commands: Commands) -> float:
    broker = _broker(place)
    await broker.startup()

    async def never(command: dict[str, Any]) -> None:
        raise NotImplementedError(command)

    task = broker.register_task(never, task_name=TASK)
    started = time.perf_counter()
    for some in chunks(commands, TOGETHER):
        await asyncio.gather(*(task.kiq(command) for command in some))
    took = time.perf_counter() - started
    await broker.shutdown()
    return took


async def _work(place: Place) -> None:
    pool = await sessions(place.postgres)
    broker = _broker(place)

    async def decide(command: dict[str, Any]) -> None:
        await book(pool, command)

    broker.register_task(decide, task_name=TASK)
    await run_receiver_task(broker, run_startup=True)


def enqueue(place: Place, commands: Commands) -> float:
    """Many at once, each confirmed."""
    return uvloop.run(_enqueue(place, commands))


def work(place: Place, _: Commands) -> None:
    """Run one process of what ``taskiq worker --workers 1`` runs."""
    uvloop.run(_work(place))
