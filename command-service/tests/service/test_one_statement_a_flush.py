import asyncio
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from command_service.acceptance import SQL, Acceptance, Answer, BusyError
from command_service.database import Pool, pool
from command_service.metrics import ApiMetrics
from orders import book, ordered

ENDS_ITSELF = "SELECT pg_terminate_backend(pg_backend_pid()) WHERE $1::uuid[] IS NOT NULL"


async def test_commands_for_known_hotels_cost_the_server_one_statement(postgres_url: str, seaside: str) -> None:
    asked: list[str] = []

    def note(logged: Any) -> None:
        asked.append(logged.query)

    async with pool(SecretStr(postgres_url), "test", 1) as database:
        acceptance = Acceptance(database, ApiMetrics(CollectorRegistry()))
        async with asyncio.TaskGroup() as group:
            stop = asyncio.Event()
            group.create_task(acceptance.run(stop))
            await acceptance.accept([ordered(seaside, book(5, 8))])
            async with database.acquire() as connection:
                connection.add_query_logger(note)
            assert await acceptance.accept([ordered(seaside, book(6, 9))]) == [Answer.ACCEPTED]
            stop.set()
    assert asked == [SQL["accept"]]


async def test_what_was_stored_is_counted_though_the_answer_to_a_repetition_is_lost(
    database: Pool, seaside: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry, command, known = CollectorRegistry(), ordered(seaside, book(5, 8)), ordered(seaside, book(6, 9))
    async with asyncio.TaskGroup() as group:
        stop = asyncio.Event()
        acceptance = Acceptance(database, ApiMetrics(registry))
        group.create_task(acceptance.run(stop))
        await acceptance.accept([known])
        with monkeypatch.context() as session_lost:
            session_lost.setitem(SQL, "fingerprints", ENDS_ITSELF)
            with pytest.raises(BusyError):
                await acceptance.accept([command, known])
        assert await acceptance.accept([command]) == [Answer.ACCEPTED]
        stop.set()
    assert registry.get_sample_value("innkeep_accepted_total") == 2
    assert registry.get_sample_value("innkeep_repeated_total") == 1
