"""FastStream on RabbitMQ: a task for every message prefetched, acknowledged after it; no log line a message."""
# pyright: reportMissingImports=false

import asyncio
import time
from typing import Any, Final

import uvloop
from faststream import AckPolicy, FastStream
from faststream.rabbit import Channel, RabbitBroker, RabbitQueue

from benchmarks.peers.booking_asyncpg import book, sessions
from benchmarks.peers.chunks import chunks
from benchmarks.peers.place import Commands, Place

TOGETHER: Final = 200
PREFETCH: Final = 200


def _broker(place: Place) -> Any:
    return RabbitBroker(place.broker, default_channel=Channel(prefetch_count=PREFETCH), logger=None)


async def _enqueue(place: Place, commands: Commands) -> float:
    async with _broker(place) as broker:
        await broker.declare_queue(RabbitQueue(place.queue, durable=True))
        started = time.perf_counter()
        for some in chunks(commands, TOGETHER):
            await asyncio.gather(*(broker.publish(command, place.queue, persist=True) for command in some))
        return time.perf_counter() - started


async def _work(place: Place) -> None:
    pool = await sessions(place.postgres)
    broker = _broker(place)

    async def decide(command: dict[str, Any]) -> None:
        await book(pool, command)

    broker.subscriber(RabbitQueue(place.queue, durable=True), ack_policy=AckPolicy.NACK_ON_ERROR)(decide)
    await FastStream(broker, logger=None).run()


def enqueue(place: Place, commands: Commands) -> float:
    """Many at once, persistent, each confirmed."""
    return uvloop.run(_enqueue(place, commands))


def work(place: Place, _: Commands) -> None:
    """Run what ``faststream run`` runs."""
    uvloop.run(_work(place))
