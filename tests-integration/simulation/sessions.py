"""A connection to the simulated PostgreSQL as asyncpg shows it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import asyncpg

from command_service.settings import IDLE_TRANSACTION_SECONDS
from simulation.process import Process
from simulation.transactions import Row, Transaction

if TYPE_CHECKING:
    from simulation.postgres import Postgres

BEGIN, COMMIT, ROLLBACK = "BEGIN", "COMMIT", "ROLLBACK"
LOST: Final = "connection was closed in the middle of operation"


@dataclass(slots=True, eq=False)
class Session:
    """One connection as asyncpg shows it to the process, and what the server knows of it."""

    server: "Postgres"
    process: Process
    silence: float | None
    closed: bool = False
    lost: bool = False
    transaction_open: Transaction | None = None
    blind: bool = False
    heard: float = 0.0
    _reply: asyncio.Future[Any] | None = None
    _listeners: list[Callable[[Any], None]] = field(default_factory=list)

    async def ask(self, sql: str, *arguments: Any) -> Any:
        """What the server answers to one statement; raises what asyncpg raises."""
        if self.closed:
            raise asyncpg.InterfaceError("connection is closed")
        if self._reply is not None:
            raise asyncpg.InterfaceError("cannot perform operation: another operation is in progress")
        loop = self.server.network.loop
        reply = self._reply = loop.create_future()
        self.server.network.to_server(self.server.arrive, self, sql, arguments, reply)
        try:
            return await reply
        except asyncio.CancelledError:
            self.terminate()
            raise
        finally:
            self._reply = None

    async def fetch(self, sql: str, *arguments: Any, timeout: float | None = None) -> list[Row]:
        """The rows."""
        del timeout
        rows: list[Row] = await self.ask(sql, *arguments)
        return rows

    async def fetchrow(self, sql: str, *arguments: Any) -> Row | None:
        """The first row."""
        rows = await self.ask(sql, *arguments)
        return rows[0] if rows else None

    async def fetchval(self, sql: str, *arguments: Any, timeout: float | None = None) -> Any:
        """The first value of the first row."""
        del timeout
        rows = await self.ask(sql, *arguments)
        return next(iter(rows[0].values())) if rows else None

    async def execute(self, sql: str, *arguments: Any) -> str:
        """The command tag."""
        tag: str = await self.ask(sql, *arguments)
        return tag

    def transaction(self) -> "Block":
        """A context that commits, or rolls back."""
        return Block(self)

    def add_termination_listener(self, listener: Callable[[Any], None]) -> None:
        """Have it called when the connection is gone."""
        self._listeners.append(listener)

    def terminate(self) -> None:
        """Hang up at once; the server notices."""
        if not self.closed:
            self.closed = True
            self.server.network.to_server(self.server.lose, self)

    def patience(self) -> tuple[float, ...]:
        """After how many seconds of silence the server may end it."""
        return (IDLE_TRANSACTION_SECONDS + 0.1, *(() if self.silence is None else (self.silence + 0.1,)))

    def expire(self) -> None:
        """The process is paused: the server looks whether it has been silent for too long."""
        self.server.expire(self)

    def gone(self) -> None:
        """The process at the other end is dead."""
        self.closed = True
        self.server.lose(self)

    def is_closed(self) -> bool:
        """Whether it is gone for the process."""
        return self.closed

    def answered(self, reply: asyncio.Future[Any], value: Any, error: BaseException | None) -> None:
        """The server's answer has arrived in the process."""
        if reply.done():
            return
        if error is None:
            reply.set_result(value)
        else:
            reply.set_exception(error)

    def hung_up(self) -> None:
        """The process learns that the server, or the line, is gone."""
        if self.closed:
            return
        self.closed = True
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(asyncpg.ConnectionDoesNotExistError(LOST))
        for listener in self._listeners:
            listener(self)


@dataclass(slots=True)
class Block:
    """``async with connection.transaction()``, as asyncpg does it."""

    session: Session

    async def __aenter__(self) -> None:
        """Begin."""
        await self.session.ask(BEGIN)

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        """Commit, or roll back where something was raised."""
        if self.session.closed:
            raise asyncpg.InterfaceError("cannot call Transaction.__aexit__(): the underlying connection is closed")
        await self.session.ask(COMMIT if kind is None else ROLLBACK)
