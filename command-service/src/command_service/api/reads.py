"""Reading PostgreSQL for clients: each read within a time, and never with the last connection of the pool."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import asyncpg

from command_service.database import Connection, Pool
from command_service.settings import MAX_READS, READ_SECONDS

Found = TypeVar("Found")


@dataclass(slots=True)
class Reads:
    """Reads from a pool that acceptance uses too, and leaves one connection of it to acceptance."""

    pool: Pool
    _places: asyncio.Semaphore = field(init=False)
    _running: set[asyncio.Task[Any]] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Count the places."""
        self._places = asyncio.Semaphore(max(1, self.pool.get_max_size() - 1))

    async def fetch(self, sql: str, *arguments: object) -> list[asyncpg.Record]:
        """The rows of one query, as ``read`` promises."""
        return await self.read(lambda connection: connection.fetch(sql, *arguments))

    async def read(self, query: Callable[[Connection], Awaitable[Found]]) -> Found:
        """What the query finds; ``DatabaseDownError`` after ``READ_SECONDS``, or where ``MAX_READS`` are under way."""
        if len(self._running) >= MAX_READS:
            raise TimeoutError("too many reads")
        reading = asyncio.create_task(self._run(query))
        self._running.add(reading)
        reading.add_done_callback(self._ended)
        try:
            done, _ = await asyncio.wait([reading], timeout=READ_SECONDS)
        finally:
            # Not awaited: a connection goes back to the pool only when a frozen server has answered the cancellation.
            reading.cancel()
        if not done:
            raise TimeoutError("the read took too long")
        try:
            return reading.result()
        except asyncpg.QueryCanceledError as error:
            raise TimeoutError("the server ended the read") from error

    async def _run(self, query: Callable[[Connection], Awaitable[Found]]) -> Found:
        async with self._places, self.pool.acquire() as connection:
            return await query(connection)

    def _ended(self, reading: asyncio.Task[Any]) -> None:
        self._running.discard(reading)
        if not reading.cancelled():
            reading.exception()  # looked at, or asyncio reports that of an abandoned read
