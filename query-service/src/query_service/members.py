"""The projectors that run, as documents in the store; see ``shared_contracts.transport.sharing``."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from query_service.documents import Documents, DocumentsUnavailableError
from query_service.settings import MAX_MEMBERS
from shared_contracts.transport.sharing import MembersUnavailableError

PROJECTORS: Final = "projectors"


@dataclass(frozen=True, slots=True)
class Projectors:
    """Where projectors count. Every method raises ``MembersUnavailableError``."""

    documents: Documents

    async def beat(self, member: str) -> Mapping[str, int]:
        """Count the member up by one, and tell every member's count."""
        async with _answering():
            await self.documents.count_up(PROJECTORS, member, "beats")
            found = await self.documents.first(PROJECTORS, MAX_MEMBERS)
        return {record["_id"]: int(record["beats"]) for record in found}

    async def leave(self, member: str) -> None:
        """The member is gone; idempotent."""
        async with _answering():
            await self.documents.remove(PROJECTORS, member)

    async def forget(self, counts: Mapping[str, int]) -> None:
        """Remove those that have still counted to the same."""
        async with _answering():
            for member, beats in counts.items():
                await self.documents.remove(PROJECTORS, member, beats=beats)


@asynccontextmanager
async def _answering() -> AsyncIterator[None]:
    try:
        yield
    except DocumentsUnavailableError as error:
        raise MembersUnavailableError(str(error)) from error
