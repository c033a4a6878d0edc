"""A PostgreSQL of one schema: transactions, row locks, unique keys, READ COMMITTED, sessions that can be lost.

It knows the named statements of the command service and no others; see ``statements``.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg

from command_service.settings import IDLE_TRANSACTION_SECONDS, LOCK_SECONDS
from simulation.network import Network
from simulation.process import Process
from simulation.sessions import BEGIN, COMMIT, ROLLBACK, Session
from simulation.statements import STATEMENTS
from simulation.transactions import BlockedError, Key, Row, Transaction

EPOCH: Final = datetime(2026, 12, 1, tzinfo=UTC)
TRACED: Final = frozenset({"outcome", "event", "command", "command_outbox", "event_outbox", "parked"})
"""Tables whose changes stand in the trace."""
TABLES: Final = (
    "hotel",
    "command",
    "command_outbox",
    "outcome",
    "event",
    "event_outbox",
    "reservation",
    "inventory",
    "room_span",
    "attempt",
    "parked",
    "decided_until",
    "worker",
)


@dataclass(slots=True)
class Postgres:
    """The server. ``unknown`` is how likely a commit is to lose its connection, ``dropped`` any statement.

    Planted bugs take away what guards: locks and positions (``fenced``), the look for outcomes, their key, CHECKs.
    """

    network: Network
    up: bool = True
    unknown: float = 0.0
    dropped: float = 0.0
    fenced: bool = True
    deduped: bool = True
    one_outcome: bool = True
    tripwires: bool = True
    tables: dict[str, dict[Any, Row]] = field(default_factory=lambda: {name: {} for name in TABLES})
    sequences: dict[str, int] = field(default_factory=dict)
    locks: dict[Key, Transaction] = field(default_factory=dict)
    advisory: dict[int, Session] = field(default_factory=dict)
    sessions: list[Session] = field(default_factory=list)
    hooks: dict[str, Callable[[Any, Row | None], None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """What the first migration writes."""
        self.tables["decided_until"][True] = {"until": EPOCH}

    def clock(self) -> datetime:
        """The time of the world as a date."""
        return EPOCH + timedelta(seconds=self.network.loop.now)

    async def connect(self, process: Process, silence: float | None = None) -> Session:
        """A new session of the process; ``ConnectionRefusedError`` while the server is down."""
        reply: asyncio.Future[Session] = self.network.loop.create_future()
        session = Session(self, process, silence)
        self.network.to_server(self._accept, session, reply)
        try:
            return await reply
        except asyncio.CancelledError:
            session.terminate()
            raise

    def stop(self) -> None:
        """Go down: every session is lost, what is not committed is gone."""
        self.up = False
        for session in list(self.sessions):
            self.lose(session)

    def start(self) -> None:
        """Come back with all that was committed."""
        self.up = True

    def lose(self, session: Session) -> None:
        """End a session: its transaction, its locks, and, in a while, its client's hope."""
        if session.lost:
            return
        session.lost = True
        if session in self.sessions:
            self.sessions.remove(session)
        if session.transaction_open is not None:
            self._end(session.transaction_open, commit=False)
            session.transaction_open = None
        for key in [key for key, holder in self.advisory.items() if holder is session]:
            del self.advisory[key]
        self.network.to_process(session.process.context, session.hung_up)

    def expire(self, session: Session) -> None:
        """End a session that has been silent for too long; for the sessions of a paused process."""
        limit = IDLE_TRANSACTION_SECONDS if session.transaction_open is not None else session.silence
        if session.lost or limit is None or not self.fenced:
            return
        if self.network.loop.now - session.heard >= limit:
            self.network.trace.count("sessions_expired")
            self.lose(session)

    def arrive(self, session: Session, sql: str, arguments: tuple[Any, ...], reply: asyncio.Future[Any]) -> None:
        """A statement of the session has arrived."""
        if session.lost:
            return
        session.heard = self.network.loop.now
        if sql is COMMIT:
            self._commit(session, reply)
        elif self.network.chance.happens(self.dropped):
            self.network.trace.count("connections_dropped")
            self.lose(session)
        elif sql is BEGIN:
            session.transaction_open = Transaction(self)
            self._answer(session, reply, "BEGIN")
        elif sql is ROLLBACK:
            if session.transaction_open is not None:
                self._end(session.transaction_open, commit=False)
            session.transaction_open = None
            self._answer(session, reply, "ROLLBACK")
        else:
            self._execute(session, sql, arguments, reply, self.network.loop.now)

    def _accept(self, session: Session, reply: asyncio.Future[Session]) -> None:
        error = None if self.up else ConnectionRefusedError("PostgreSQL is down")
        if self.up and not session.lost:
            session.heard = self.network.loop.now
            self.sessions.append(session)
            session.process.sockets.append(session)
            if not session.process.alive:
                self.lose(session)
        self.network.to_process(session.process.context, session.answered, reply, session, error)

    def _execute(
        self, session: Session, sql: str, arguments: tuple[Any, ...], reply: asyncio.Future[Any], since: float
    ) -> None:
        if session.lost or reply.cancelled():
            return
        inside = session.transaction_open
        transaction = inside or Transaction(self)
        transaction.waits_for = None
        try:
            answer = STATEMENTS[sql](transaction, session, *arguments)
        except BlockedError as blocked:
            self._block(session, transaction, blocked.holder, sql, arguments, reply, since)
        except Exception as error:  # noqa: BLE001  # it is the client's
            if inside is None:
                self._end(transaction, commit=False)
            self._answer(session, reply, None, error)
        else:
            if inside is None:
                self._finish(session, transaction, reply, answer)
            else:
                self._answer(session, reply, answer)

    def _block(
        self,
        session: Session,
        transaction: Transaction,
        holder: Transaction,
        sql: str,
        arguments: tuple[Any, ...],
        reply: asyncio.Future[Any],
        since: float,
    ) -> None:
        self.network.trace.count("lock_waits")
        error = self._why_not_wait(transaction, holder, since)
        if error is not None:
            if session.transaction_open is None:
                self._end(transaction, commit=False)
            self._answer(session, reply, None, error)
            return
        transaction.waits_for = holder
        retried = False

        def retry() -> None:
            nonlocal retried
            if not retried and not transaction.over:
                retried = True
                if session.transaction_open is None:
                    self._end(transaction, commit=False)
                self._execute(session, sql, arguments, reply, since)

        holder.waiting.append(retry)
        self.network.loop.call_at(since + LOCK_SECONDS, retry, context=self.network.outside)

    def _why_not_wait(self, transaction: Transaction, holder: Transaction, since: float) -> Exception | None:
        waits: Transaction | None = holder
        while waits is not None and waits is not transaction:
            waits = waits.waits_for
        if waits is transaction:
            self.network.trace.count("deadlocks")
            return asyncpg.DeadlockDetectedError("deadlock detected")
        if self.network.loop.now >= since + LOCK_SECONDS:
            self.network.trace.count("lock_timeouts")
            return asyncpg.LockNotAvailableError("canceling statement due to lock timeout")
        return None

    def _commit(self, session: Session, reply: asyncio.Future[Any]) -> None:
        transaction = session.transaction_open
        session.transaction_open = None
        if transaction is None:
            self._answer(session, reply, "COMMIT")
        else:
            self._finish(session, transaction, reply, "COMMIT")

    def _finish(self, session: Session, transaction: Transaction, reply: asyncio.Future[Any], answer: Any) -> None:
        """Commit and answer, or leave the client in the dark; that may happen only where something was written."""
        if not transaction.writes or not self.network.chance.happens(self.unknown):
            self._end(transaction, commit=True)
            self._answer(session, reply, answer)
            return
        committed = self.network.chance.happens(0.6)
        self.network.trace.count(f"commits_unknown_{session.process.kind}")
        self.network.trace.add(f"commit unknown {committed} {session.process.name}")
        if committed and self.network.chance.happens(0.5):
            # The client hears at once, and may come again, before the server has come to the end of it.
            late = self.network.chance.between(0.001, 1.5)
            self.network.loop.call_later(late, self._end, transaction, True, context=self.network.outside)  # noqa: FBT003
        else:
            self._end(transaction, commit=committed)
        self.lose(session)

    def _end(self, transaction: Transaction, commit: bool) -> None:  # noqa: FBT001  # called by timers too
        if transaction.over:
            return
        transaction.over = True
        if commit:
            self._apply(transaction)
        for key in transaction.locks:
            if self.locks.get(key) is transaction:
                del self.locks[key]
        for retry in transaction.waiting:
            self.network.loop.call_soon(retry, context=self.network.outside)

    def _apply(self, transaction: Transaction) -> None:
        trace = self.network.trace
        for (table, key), row in transaction.writes.items():
            hook = self.hooks.get(table)
            if hook is not None:
                hook(key, row)
            if row is None:
                self.tables[table].pop(key, None)
            else:
                self.tables[table][key] = row
            if table in TRACED:
                trace.add(f"{self.network.loop.now:.6f} {table} {key} {'-' if row is None else '+'}")

    def _answer(self, session: Session, reply: asyncio.Future[Any], value: Any, error: Exception | None = None) -> None:
        self.network.to_process(session.process.context, session.answered, reply, value, error)
