"""The one use case of the worker: deliveries in, outcomes out. What it returns from is dealt with for good."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import structlog

from command_service.batch import Decided
from command_service.database import DatabaseDownError
from command_service.metrics import WorkerMetrics
from command_service.settings import DATABASE_RETRY_SECONDS, FIRST_RETRY_SECONDS, MAX_ATTEMPTS, MAX_ERROR_TEXT
from shared_contracts.envelope import CommandEnvelope, UnreadableMessageError, decode_command
from shared_contracts.transport.consuming import Delivery

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

    async def give_up(self, queue: str, command: CommandEnvelope, attempts: int, error: str) -> None:
        """Outcome ``failed``, and parked."""
        ...

    async def park_unreadable(self, queue: str, body: bytes, reason: str) -> None:
        """Keep what is no command."""
        ...


@dataclass(frozen=True, slots=True)
class Deciding:
    """Decides batches. While the database is down it waits, holding the batch; it raises only when told to stop."""

    decisions: Decisions
    metrics: WorkerMetrics
    stop: asyncio.Event

    async def handle(self, deliveries: Sequence[Delivery]) -> None:
        """Give every delivery an outcome or park it; then the caller may settle them all."""
        commands: list[CommandEnvelope] = []
        queues: dict[UUID, str] = {}
        for delivery in deliveries:
            try:
                command = decode_command(delivery.body)
            except UnreadableMessageError as unreadable:
                await self._park(delivery, str(unreadable))
            else:
                commands.append(command)
                queues[command.id] = delivery.queue
        if not commands:
            return
        try:
            await self._decide(commands)
        except Exception as error:  # noqa: BLE001  # whatever it is, the innocent ones go on without the guilty one
            log.warning("batch_failed", size=len(commands), error=repr(error)[:MAX_ERROR_TEXT])
            for command in commands:
                await self._alone(queues[command.id], command)

    async def _decide(self, commands: Sequence[CommandEnvelope]) -> None:
        while True:
            try:
                decided = await self.decisions.decide(commands)
            except DatabaseDownError as error:
                await self._wait_for_database(error)
            else:
                self.metrics.decided(decided, time.time() - min(command.at.timestamp() for command in commands))
                return

    async def _alone(self, queue: str, command: CommandEnvelope) -> None:
        """Try the command by itself, in place, up to the stored count of attempts; then it has failed."""
        delay = FIRST_RETRY_SECONDS
        while True:
            try:
                attempts = await self.decisions.begin_attempt(command.id)
                if attempts > MAX_ATTEMPTS:
                    await self.decisions.give_up(queue, command, attempts - 1, "it failed, or killed its worker")
                    self.metrics.failed()
                    log.error("command_failed", command_id=str(command.id), hotel=command.hotel_id)
                    return
                await self._decide([command])
            except DatabaseDownError as error:
                await self._wait_for_database(error)
            except Exception as error:
                log.exception("command_fault", command_id=str(command.id), hotel=command.hotel_id)
                await self.decisions.note_error(command.id, error)
                await asyncio.sleep(delay)
                delay *= 2
            else:
                return

    async def _park(self, delivery: Delivery, reason: str) -> None:
        while True:
            try:
                await self.decisions.park_unreadable(delivery.queue, delivery.body, reason)
            except DatabaseDownError as error:
                await self._wait_for_database(error)
            else:
                self.metrics.parked()
                log.error("message_parked", queue=delivery.queue, reason=reason, size=len(delivery.body))
                return

    async def _wait_for_database(self, error: BaseException) -> None:
        if self.stop.is_set():
            raise StoppedError from error
        log.warning("database_down", error=repr(error)[:MAX_ERROR_TEXT])
        await asyncio.sleep(DATABASE_RETRY_SECONDS)


class StoppedError(BaseException):
    """Told to stop while the database was down: the batch stays on its queues."""
