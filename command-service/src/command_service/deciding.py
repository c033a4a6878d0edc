"""The one use case of the worker: deliveries in, outcomes out. What it returns from is dealt with for good."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar
from uuid import UUID

import asyncpg
import structlog

from command_service.batch import Decided
from command_service.database import DatabaseDownError
from command_service.metrics import WorkerMetrics
from command_service.settings import (
    DATABASE_RETRY_SECONDS,
    FIRST_RETRY_SECONDS,
    MAX_ATTEMPTS,
    MAX_ERROR_TEXT,
    SUSPECT_DELIVERIES,
)
from shared_contracts.envelope import CommandEnvelope, UnreadableMessageError, decode_command
from shared_contracts.transport.consuming import Delivery, wait_for
from shared_contracts.transport.crashing import CrashPoint, crash_here

SLOW: Final = asyncpg.QueryCanceledError
"""The server took too long over one statement: a fault of a batch, but of bookkeeping only a reason to wait."""

T = TypeVar("T")
log = structlog.get_logger()


class Decisions(Protocol):
    """Where decisions are recorded; see ``Ledger``."""

    async def decide(self, commands: Sequence[CommandEnvelope]) -> Decided:
        """Decide and commit together."""
        ...

    async def begin_attempt(self, command_id: UUID) -> int:
        """Count an attempt before it is made."""
        ...

    async def note_error(self, command_id: UUID, error: Exception) -> None:
        """Keep what went wrong."""
        ...

    async def give_up(self, queue: str, command: CommandEnvelope, attempts: int) -> None:
        """Outcome ``failed``, and parked."""
        ...

    async def park_unreadable(self, delivery: Delivery, reason: str) -> None:
        """Keep what is no command that we can read."""
        ...


@dataclass(frozen=True, slots=True)
class Sent:
    """A command and the queue that it came from."""

    queue: str
    command: CommandEnvelope


@dataclass(frozen=True, slots=True)
class Deciding:
    """Decides batches. While the database is down it waits, holding the batch; it raises only when told to stop."""

    decisions: Decisions
    metrics: WorkerMetrics
    stop: asyncio.Event

    async def handle(self, deliveries: Sequence[Delivery]) -> None:
        """Give every delivery an outcome or park it; then the caller may settle them all."""
        crash_here(CrashPoint.WORKER_AFTER_RECEIVE)
        together: list[Sent] = []
        for delivery in deliveries:
            sent = await self._read(delivery)
            if sent is None:
                continue
            if delivery.count >= SUSPECT_DELIVERIES:
                await self._all(together)
                await self._alone(sent)
                together = []
            else:
                together.append(sent)
        await self._all(together)

    async def _read(self, delivery: Delivery) -> Sent | None:
        try:
            return Sent(delivery.queue, decode_command(delivery.body))
        except UnreadableMessageError as unreadable:
            reason = str(unreadable)
        await self._patiently(lambda: self.decisions.park_unreadable(delivery, reason))
        self.metrics.parked()
        log.error("message_parked", queue=delivery.queue, reason=reason, size=len(delivery.body))
        return None

    async def _all(self, sent: Sequence[Sent]) -> None:
        if not sent:
            return
        try:
            await self._decide([one.command for one in sent])
        except Exception as error:  # noqa: BLE001  # whatever it is, the innocent ones go on without the guilty one
            log.warning("batch_failed", size=len(sent), error=repr(error)[:MAX_ERROR_TEXT])
            for one in sent:
                await self._alone(one)

    async def _decide(self, commands: Sequence[CommandEnvelope]) -> None:
        decided = await self._patiently(lambda: self.decisions.decide(commands))
        oldest = time.time() - min(command.at.timestamp() for command in commands)
        self.metrics.decided(decided, len(commands), oldest)

    async def _alone(self, sent: Sent) -> None:
        """Try the command by itself, in place, up to the stored count of attempts; then it has failed."""
        command, delay = sent.command, FIRST_RETRY_SECONDS
        while True:
            attempts = await self._patiently(lambda: self.decisions.begin_attempt(command.id), SLOW)
            if attempts > MAX_ATTEMPTS:
                await self._patiently(lambda: self.decisions.give_up(sent.queue, command, MAX_ATTEMPTS), SLOW)
                self.metrics.failed()
                log.error("command_failed", command_id=str(command.id), hotel=command.hotel_id)
                return
            try:
                await self._decide([command])
            except Exception as fault:
                log.exception("command_fault", command_id=str(command.id), hotel=command.hotel_id)
                error = fault
                await self._patiently(lambda: self.decisions.note_error(command.id, error), SLOW)  # noqa: B023
            else:
                return
            await asyncio.sleep(delay)
            delay *= 2

    async def _patiently(self, operation: Callable[[], Awaitable[T]], *also: type[Exception]) -> T:
        """What the operation gives, once the database lets it; ``StoppedError`` when told to stop before."""
        reasons_to_wait: tuple[type[BaseException], ...] = (*DatabaseDownError, *also)
        while True:
            try:
                return await operation()
            except reasons_to_wait as error:
                if self.stop.is_set():
                    raise StoppedError from error
                log.warning("database_down", error=repr(error)[:MAX_ERROR_TEXT])
            self.metrics.retries()
            await wait_for(self.stop, DATABASE_RETRY_SECONDS)


class StoppedError(BaseException):
    """Told to stop while the database was down: the batch stays on its queues."""
