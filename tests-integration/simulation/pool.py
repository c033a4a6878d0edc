"""The pool of asyncpg, as far as the command service uses it."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from simulation.postgres import Postgres
from simulation.process import Process
from simulation.sessions import Session
from simulation.transactions import Row


@dataclass(slots=True)
class SimulatedPool:
    """At most ``size`` sessions of one process, opened when they are needed."""

    server: Postgres
    process: Process
    size: int
    _idle: list[Session] = field(default_factory=list)
    _places: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        """Count the places."""
        self._places = asyncio.Semaphore(self.size)

    def acquire(self) -> "Acquired":
        """A session for as long as the context lasts."""
        return Acquired(self)

    def get_max_size(self) -> int:
        """How many sessions there can be."""
        return self.size

    async def fetch(self, sql: str, *arguments: Any) -> list[Row]:
        """The rows, on whatever session."""
        async with self.acquire() as session:
            return await session.fetch(sql, *arguments)

    async def fetchval(self, sql: str, *arguments: Any) -> Any:
        """The first value."""
        async with self.acquire() as session:
            return await session.fetchval(sql, *arguments)

    async def execute(self, sql: str, *arguments: Any) -> str:
        """The command tag."""
        async with self.acquire() as session:
            return await session.execute(sql, *arguments)

    async def take(self) -> Session:
        """An idle session, or a new one."""
        await self._places.acquire()
        while self._idle:
            session = self._idle.pop()
            if not session.closed:
                return session
        try:
            return await self.server.connect(self.process)
        except BaseException:
            self._places.release()
            raise

    def give_back(self, session: Session) -> None:
        """It may be taken again, unless it is gone."""
        if not session.closed:
            self._idle.append(session)
        self._places.release()


@dataclass(slots=True)
class Acquired:
    """``async with pool.acquire()``."""

    pool: SimulatedPool
    session: Session | None = None

    async def __aenter__(self) -> Session:
        """Take a session."""
        self.session = await self.pool.take()
        return self.session

    async def __aexit__(self, *_: object) -> None:
        """Give it back."""
        if self.session is not None:
            self.pool.give_back(self.session)
