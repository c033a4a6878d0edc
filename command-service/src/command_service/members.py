"""The workers that run, as rows in PostgreSQL; see ``shared_contracts.transport.sharing``."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import asyncpg

from command_service.database import DatabaseDownError, Pool
from command_service.queries import queries
from shared_contracts.transport.sharing import MembersUnavailableError

SQL: Final = queries("members")


@dataclass(frozen=True, slots=True)
class Workers:
    """Where workers count. Every method is one statement, and raises ``MembersUnavailableError``."""

    pool: Pool

    async def beat(self, member: str) -> Mapping[str, int]:
        """Count the member up by one, and tell every member's count."""
        async with _answering():
            return {row["member"]: row["beats"] for row in await self.pool.fetch(SQL["beat"], member)}

    async def leave(self, member: str) -> None:
        """The member is gone; idempotent."""
        async with _answering():
            await self.pool.execute(SQL["leave"], member)

    async def forget(self, counts: Mapping[str, int]) -> None:
        """Remove those that have still counted to the same."""
        async with _answering():
            await self.pool.execute(SQL["forget"], list(counts), list(counts.values()))


@asynccontextmanager
async def _answering() -> AsyncIterator[None]:
    """Whatever the server says against it, the workers go on with the shares that they have."""
    try:
        yield
    except (*DatabaseDownError, asyncpg.PostgresError) as error:
        raise MembersUnavailableError(repr(error)) from error
