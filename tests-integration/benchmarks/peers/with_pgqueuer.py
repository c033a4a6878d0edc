"""pgqueuer: jobs are rows of PostgreSQL, fetched a hundred at a time."""
# pyright: reportMissingImports=false

import json
import time
from datetime import timedelta
from typing import Any, Final

import asyncpg
import uvloop
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgPoolDriver
from pgqueuer.queries import Queries

from benchmarks.peers.booking_asyncpg import book, sessions
from benchmarks.peers.chunks import chunks
from benchmarks.peers.place import Commands, Place

ENTRYPOINT: Final = "book"
TOGETHER: Final = 500
BATCH: Final = 100
QUEUE_SESSIONS: Final = 4
SILENCE: Final = timedelta(seconds=5)
"""After so long without a heartbeat a job is another's; its own default of 30 s would only make the runs longer."""
LOOK: Final = timedelta(seconds=5)
"""So often it looks for such jobs; its own default is 30 s."""


async def _enqueue(place: Place, commands: Commands) -> float:
    async with asyncpg.create_pool(place.postgres, min_size=1, max_size=1) as pool:
        queries = Queries(AsyncpgPoolDriver(pool))
        await queries.install()
        started = time.perf_counter()
        for some in chunks(commands, TOGETHER):
            payloads = [json.dumps(command).encode() for command in some]
            await queries.enqueue([ENTRYPOINT] * len(some), payloads, [0] * len(some))
        return time.perf_counter() - started


async def _work(place: Place) -> None:
    pool = await sessions(place.postgres)
    queue = await asyncpg.create_pool(place.postgres, min_size=QUEUE_SESSIONS, max_size=QUEUE_SESSIONS)
    worker = PgQueuer.from_asyncpg_pool(queue)

    async def decide(job: Any) -> None:
        await book(pool, json.loads(job.payload))

    worker.entrypoint(ENTRYPOINT)(decide)
    await worker.run(batch_size=BATCH, heartbeat_timeout=SILENCE, dequeue_timeout=LOOK)


def enqueue(place: Place, commands: Commands) -> float:
    """Hundreds in a statement."""
    return uvloop.run(_enqueue(place, commands))


def work(place: Place, _: Commands) -> None:
    """Run what ``pgq run`` runs."""
    uvloop.run(_work(place))
