"""Clients that wait for outcomes: one read that fails is not the end of waiting."""

import asyncio
from uuid import UUID, uuid4

import asyncpg
import pytest

from command_service.api.outcomes import Outcomes
from command_service.api.reads import Reads
from command_service.database import Pool


class ReadsThatFailOnce:
    """Is down for the first read, and then tells that the command succeeded."""

    def __init__(self, error: Exception) -> None:
        self.error: Exception | None = error

    async def fetch(self, _: str, ids: list[UUID]) -> list[dict[str, object]]:
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        told = {"hotel_id": "seaside", "task": "check-in-guest", "status": "succeeded", "accepted_at": 1}
        return [{"id": one, **told, "decided_at": 2, "position": 3, "code": None, "facts": None} for one in ids]


async def test_who_waits_is_answered_after_a_read_that_failed() -> None:
    outcomes = Outcomes(ReadsThatFailOnce(TimeoutError("the server ended the read")))  # type: ignore[arg-type]
    stop = asyncio.Event()
    running = asyncio.create_task(outcomes.run(stop))
    settled = await outcomes.settled({"command_id": str(uuid4()), "status": "accepted"}, 5)
    assert settled["status"] == "succeeded"
    stop.set()
    await running


async def test_a_read_that_the_server_cancels_is_a_server_that_is_not_there_now(database: Pool) -> None:
    async def cancelled(connection: object) -> None:
        raise asyncpg.QueryCanceledError("canceling statement due to user request")

    with pytest.raises(TimeoutError, match="the server ended the read"):
        await Reads(database).read(cancelled)
