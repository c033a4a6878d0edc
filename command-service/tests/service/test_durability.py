"""A PostgreSQL that may lose what it has committed is named, in the log and by every process that says it is ready."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from command_service.database import Pool, pool
from command_service.durability import NEEDED, weakened
from command_service.migrating import migrate
from command_service.readiness import api_readiness


@pytest.fixture
async def forgetful(database: Pool, postgres_url: str) -> AsyncIterator[str]:
    """An address at which sessions answer before their commits are on disk."""
    role, name = await database.fetchrow("SELECT current_user, current_database()") or ("", "")
    where = f'ROLE "{role}" IN DATABASE "{name}"'
    await database.execute(f"ALTER {where} SET synchronous_commit = off")
    yield postgres_url
    await database.execute(f"ALTER {where} RESET synchronous_commit")


async def test_the_server_of_these_tests_keeps_what_it_commits(database: Pool) -> None:
    assert await weakened(database) == {}
    rows = await database.fetch("SELECT name FROM pg_settings WHERE name = ANY ($1::text[])", list(NEEDED))
    assert {row["name"] for row in rows} == set(NEEDED)
    ready = await api_readiness(database)()
    assert (ready.missing, ready.behind) == ({}, {})


async def test_a_process_whose_commits_may_be_lost_says_so_and_goes_on(forgetful: str) -> None:
    with capture_logs() as logs:
        async with pool(SecretStr(forgetful), "innkeep-tests", 1) as sessions:
            ready = await api_readiness(sessions)()
    assert ready.missing == {}
    assert set(ready.behind) == {"synchronous_commit"}
    assert "is off" in ready.behind["synchronous_commit"]
    [entry] = [entry for entry in logs if entry["event"] == "durability_weakened"]
    assert (entry["log_level"], entry["setting"]) == ("error", "synchronous_commit")


async def test_migrations_warn_of_it_too(forgetful: str) -> None:
    with capture_logs() as logs:
        await migrate(SecretStr(forgetful))
    assert [entry["setting"] for entry in logs if entry["event"] == "durability_weakened"] == ["synchronous_commit"]


@pytest.mark.parametrize("setting", ["local", "remote_write", "off"])
async def test_only_a_commit_that_is_on_disk_everywhere_counts(database: Pool, setting: str) -> None:
    async with database.acquire() as session, session.transaction():
        await session.execute(f"SET LOCAL synchronous_commit = {setting}")
        assert set(await weakened(session)) == {"synchronous_commit"}
