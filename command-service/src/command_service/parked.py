"""What could not be handled, and the operator's ways with it: look at it, try it again, drop it."""

from dataclasses import dataclass
from typing import Any, Final

import structlog

from command_service.database import Connection, Pool
from command_service.queries import queries

SQL: Final = queries("parked")
MAX_LISTED: Final = 1_000
log = structlog.get_logger()


class NotPossibleError(Exception):
    """The operator asked for something that cannot be done; the text says why."""


@dataclass(frozen=True, slots=True)
class Parked:
    """The parked commands and messages. Each change is one transaction and leaves an audit line in the log."""

    pool: Pool

    async def records(self, hotel_id: str | None) -> list[dict[str, Any]]:
        """The oldest ``MAX_LISTED``, of one hotel or of all; without their bodies."""
        return [dict(row) for row in await self.pool.fetch(SQL["list"], hotel_id, MAX_LISTED)]

    async def record(self, parked_id: int) -> dict[str, Any]:
        """One with its body; ``NotPossibleError`` where there is none."""
        row = await self.pool.fetchrow(SQL["show"], parked_id)
        if row is None:
            raise NotPossibleError(f"nothing is parked under {parked_id}")
        return dict(row) | {"body": row["body"].decode(errors="replace")}

    async def retry(self, parked_id: int, operator: str, *, dry_run: bool) -> str:
        """Send the command again, with its attempts forgotten and its outcome open; what was, or would be, done.

        Its later commands are not held back for it: they were decided without it.
        """
        async with self.pool.acquire() as connection, connection.transaction():
            command_id = await _failed_command(connection, parked_id)
            if not dry_run:
                for query in ("forget_outcome", "forget_attempts", "send_again"):
                    await connection.execute(SQL[query], command_id)
                await connection.execute(SQL["remove"], parked_id)
        _audit("parked_retried", parked_id, operator, dry_run=dry_run)
        return f"{command_id} is sent again"

    async def drop(self, parked_id: int, operator: str, *, dry_run: bool) -> str:
        """Forget the record; a command's outcome stays ``failed``. What was, or would be, done."""
        async with self.pool.acquire() as connection, connection.transaction():
            if await connection.fetchrow(SQL["lock"], parked_id) is None:
                raise NotPossibleError(f"nothing is parked under {parked_id}")
            if not dry_run:
                await connection.execute(SQL["remove"], parked_id)
        _audit("parked_dropped", parked_id, operator, dry_run=dry_run)
        return f"{parked_id} is dropped"


async def _failed_command(connection: Connection, parked_id: int) -> object:
    row = await connection.fetchrow(SQL["lock"], parked_id)
    if row is None:
        raise NotPossibleError(f"nothing is parked under {parked_id}")
    if row["command_id"] is None:
        raise NotPossibleError(f"{parked_id} is a message that was never accepted: look at it, and drop it")
    if row["status"] != "failed":
        raise NotPossibleError(f"{row['command_id']} has the outcome {row['status']}: drop the record")
    return row["command_id"]


def _audit(action: str, parked_id: int, operator: str, *, dry_run: bool) -> None:
    log.warning(action, parked=parked_id, operator=operator, dry_run=dry_run)
