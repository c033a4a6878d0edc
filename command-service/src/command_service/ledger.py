"""The deciding step's transactions on PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import orjson

from command_service.batch import Decided, decide_all
from command_service.database import Pool
from command_service.loading import SQL, load
from command_service.settings import MAX_ERROR_TEXT, MAX_PARKED_BYTES
from command_service.writing import write
from shared_contracts.envelope import CommandEnvelope, encode_command

FAULT: Final = "unexpected_fault"


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
            decided = decide_all(standings, done, commands)
            await write(connection, decided)
        return decided

    async def begin_attempt(self, command_id: UUID) -> int:
        """Count an attempt before it is made; how many there are now."""
        return int(await self.pool.fetchval(SQL["begin_attempt"], command_id))

    async def note_error(self, command_id: UUID, error: Exception) -> None:
        """Keep what went wrong, for the operator."""
        await self.pool.execute(SQL["note_error"], command_id, _text(error))

    async def give_up(self, queue: str, command: CommandEnvelope, attempts: int, error: str) -> None:
        """Give the command the outcome ``failed`` and park it with its reason; nothing where it has an outcome."""
        facts = orjson.dumps({"attempts": attempts}).decode()
        async with self.pool.acquire() as connection, connection.transaction():
            written = await connection.execute(SQL["fail"], command.id, command.hotel_id, FAULT, facts)
            if written == "INSERT 0 1":
                body = encode_command(command)[:MAX_PARKED_BYTES]
                await connection.execute(SQL["park"], queue, command.hotel_id, command.id, error, attempts, body)

    async def park_unreadable(self, queue: str, body: bytes, reason: str) -> None:
        """Keep a message that is no command, with its reason."""
        reason = reason[:MAX_ERROR_TEXT]
        await self.pool.execute(SQL["park"], queue, None, None, reason, 1, body[:MAX_PARKED_BYTES])


def _text(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:MAX_ERROR_TEXT]
