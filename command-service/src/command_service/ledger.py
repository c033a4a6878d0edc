"""The deciding step's transactions on PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import orjson

from command_service.batch import Decided, decide_all
from command_service.database import Connection, Pool
from command_service.loading import SQL, load
from command_service.settings import MAX_ERROR_TEXT, MAX_PARKED_BYTES
from command_service.writing import write
from shared_contracts.envelope import CommandEnvelope, encode_command
from shared_contracts.transport.consuming import Delivery
from shared_contracts.transport.crashing import CrashPoint, crash_here

FAULT: Final = "unexpected_fault"
UNREADABLE: Final = "unreadable"
KILLED: Final = "its worker died each time that it was tried"


@dataclass(frozen=True, slots=True)
class Ledger:
    """Where decisions are recorded. Every method is one transaction and may be repeated."""

    pool: Pool

    async def decide(self, commands: Sequence[CommandEnvelope]) -> Decided:
        """Decide the commands in order and commit events, states and outcomes together.

        A command that has an outcome is dropped. Where the connection is lost during the commit, call again: the
        outcomes tell.
        """
        async with self.pool.acquire() as connection, connection.transaction():
            standings, done = await load(connection, commands)
            crash_here(CrashPoint.WORKER_AFTER_LOAD)
            decided = decide_all(standings, done, commands)
            await write(connection, decided)
            crash_here(CrashPoint.WORKER_BEFORE_COMMIT)
        crash_here(CrashPoint.WORKER_AFTER_COMMIT)
        return decided

    async def begin_attempt(self, command_id: UUID) -> int:
        """Count an attempt before it is made; how many there are now."""
        return int(await self.pool.fetchval(SQL["begin_attempt"], command_id))

    async def note_error(self, command_id: UUID, error: Exception) -> None:
        """Keep what went wrong, for the operator."""
        await self.pool.execute(SQL["note_error"], command_id, _text(error))

    async def give_up(self, queue: str, command: CommandEnvelope, attempts: int) -> None:
        """Give the command the outcome ``failed`` and park it with its last error; nothing where it has an outcome."""
        async with self.pool.acquire() as connection, connection.transaction():
            reason = await connection.fetchval(SQL["last_error"], command.id) or KILLED
            body = encode_command(command)
            await _fail(connection, command.id, command.hotel_id, FAULT, attempts, (queue, reason, body))

    async def park_unreadable(self, delivery: Delivery, reason: str) -> None:
        """Keep a message that is no command to us, with its reason; one that was accepted has ``failed``."""
        parked = (delivery.queue, reason[:MAX_ERROR_TEXT], delivery.body)
        async with self.pool.acquire() as connection, connection.transaction():
            accepted = await connection.fetchrow(SQL["accepted"], delivery.message_id)
            if accepted is None:
                await _park(connection, None, None, 1, parked, again=delivery.count > 0)
            else:
                await _fail(connection, accepted["id"], accepted["hotel_id"], UNREADABLE, 1, parked)


Parked = tuple[str, str, bytes]
"""Queue, reason and body of what is parked."""


async def _fail(
    connection: Connection, command_id: UUID, hotel_id: str, code: str, attempts: int, parked: Parked
) -> None:
    facts = orjson.dumps({"attempts": attempts}).decode()
    written = await connection.execute(SQL["fail"], command_id, hotel_id, code, facts)
    if written == "INSERT 0 1":
        await _park(connection, hotel_id, command_id, attempts, parked)


async def _park(
    connection: Connection,
    hotel_id: str | None,
    command_id: UUID | None,
    attempts: int,
    parked: Parked,
    *,
    again: bool = False,
) -> None:
    queue, reason, body = parked
    kept = body[:MAX_PARKED_BYTES]
    await connection.execute(SQL["park"], queue, hotel_id, command_id, reason, attempts, kept, again)
    crash_here(CrashPoint.WORKER_WHILE_PARKING)


def _text(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:MAX_ERROR_TEXT]
