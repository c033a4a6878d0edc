"""procrastinate: jobs are rows of PostgreSQL, fetched one by one; its own recipe finds what a dead worker held."""
# pyright: reportMissingImports=false

import asyncio
import time
from typing import Any, Final

import uvloop
from procrastinate import App, PsycopgConnector

from benchmarks.peers.booking_asyncpg import book, sessions
from benchmarks.peers.chunks import chunks
from benchmarks.peers.place import Commands, Place

TASK: Final = "book"
TOGETHER: Final = 500
CONCURRENCY: Final = 16
EVERY_FIVE_SECONDS: Final = "* * * * * */5"
BEAT_SECONDS: Final = 1.0
SILENCE_SECONDS: Final = 5.0
"""Its defaults are 10 and 30 s, and the recipe's are ten minutes; they would only make the runs longer."""


def _app(place: Place) -> Any:
    return App(connector=PsycopgConnector(conninfo=place.postgres, min_size=4, max_size=4 + CONCURRENCY))


async def _enqueue(place: Place, commands: Commands) -> float:
    app = _app(place)
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        task = app.configure_task(TASK, queue=place.queue)
        started = time.perf_counter()
        for some in chunks(commands, TOGETHER):
            await task.batch_defer_async(*({"command": command} for command in some))
        return time.perf_counter() - started


async def _work(place: Place) -> None:
    app = _app(place)
    pool = await sessions(place.postgres)

    async def decide(command: dict[str, Any]) -> None:
        await book(pool, command)

    async def retry_stalled(_: Any, timestamp: int) -> None:
        del timestamp
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=SILENCE_SECONDS):
            await app.job_manager.retry_job(job)

    app.task(name=TASK, queue=place.queue)(decide)
    recipe = app.task(name="retry stalled", queueing_lock="retry stalled", pass_context=True)(retry_stalled)
    app.periodic(cron=EVERY_FIVE_SECONDS)(recipe)
    async with app.open_async():
        await app.run_worker_async(
            concurrency=CONCURRENCY, update_heartbeat_interval=BEAT_SECONDS, stalled_worker_timeout=SILENCE_SECONDS
        )


def enqueue(place: Place, commands: Commands) -> float:
    """Hundreds in a statement."""
    return uvloop.run(_enqueue(place, commands))


def work(place: Place, _: Commands) -> None:
    """Run what ``procrastinate worker`` runs."""
    asyncio.run(_work(place))
