"""The workers that run, in PostgreSQL."""

from uuid import uuid4

import pytest
from pydantic import SecretStr

from command_service.database import Pool, pool
from command_service.members import Workers
from shared_contracts.transport.sharing import MembersUnavailableError


@pytest.fixture
def name() -> str:
    return f"worker-{uuid4().hex[:12]}"


async def test_each_beat_counts_one_up_and_tells_of_everybody(database: Pool, name: str) -> None:
    workers, other = Workers(database), f"{name}-2"
    assert (await workers.beat(name))[name] == 1
    assert (await workers.beat(other)).items() >= {name: 1, other: 1}.items()
    assert (await workers.beat(name)).items() >= {name: 2, other: 1}.items()


async def test_who_leaves_is_gone_and_may_leave_twice(database: Pool, name: str) -> None:
    workers = Workers(database)
    await workers.beat(name)
    await workers.leave(name)
    await workers.leave(name)
    assert name not in await workers.beat(f"{name}-2")


async def test_who_has_counted_since_is_not_forgotten(database: Pool, name: str) -> None:
    workers, silent = Workers(database), f"{name}-silent"
    for member in (name, silent, name):
        await workers.beat(member)
    await workers.forget({name: 1, silent: 1, "nobody": 1})
    found = await workers.beat(name)
    assert found[name] == 3
    assert silent not in found


async def test_a_server_that_is_down_or_not_migrated_is_unavailable(postgres_url: str, name: str) -> None:
    async with pool(SecretStr("postgresql://nobody@127.0.0.1:1/nothing"), "test", 1) as nowhere:
        for call in (Workers(nowhere).beat(name), Workers(nowhere).leave(name), Workers(nowhere).forget({name: 1})):
            with pytest.raises(MembersUnavailableError):
                await call
    async with pool(SecretStr(postgres_url), "test", 1) as database, database.acquire() as connection:
        await connection.execute("SET search_path TO nowhere")
        with pytest.raises(MembersUnavailableError, match="UndefinedTable"):
            await Workers(connection).beat(name)  # type: ignore[arg-type]  # a connection fetches as a pool does
