import asyncio
import hashlib
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest
import structlog
from pydantic import SecretStr

from command_service.database import Pool, pool
from command_service.migrating import ChangedMigrationError, migrate, migrations
from command_service.readiness import api_readiness
from processes import command_service
from shared_contracts.transport.crashing import VARIABLE, CrashPoint

NEXT = ("0002_next.sql", "ALTER TABLE hotel ADD COLUMN stars integer; CREATE TABLE concierge (id uuid PRIMARY KEY);")


@pytest.fixture
async def empty(database: Pool, postgres_url: str) -> AsyncIterator[str]:
    """A place in the database where no migration has been."""
    name = f"fresh_{uuid4().hex[:8]}"
    await database.execute(f"CREATE SCHEMA {name}")
    yield f"{postgres_url}?search_path={name},public"
    await database.execute(f"DROP SCHEMA {name} CASCADE")


async def tables(url: str) -> set[str]:
    session = await asyncpg.connect(url)
    try:
        rows = await session.fetch("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    finally:
        await session.close()
    return {row["tablename"] for row in rows}


async def test_a_migration_that_dies_half_way_is_undone_and_the_next_run_is_whole(empty: str, broker: str) -> None:
    died = await command_service(empty, broker, "migrate", **{VARIABLE: f"{CrashPoint.MIGRATION_BETWEEN_STATEMENTS}:1"})
    assert died.killed
    assert await tables(empty) == {"migration"}
    again = await command_service(empty, broker, "migrate")
    assert again.code == 0, again.err
    assert {"hotel", "event", "command", "outcome"} < await tables(empty)
    async with pool(SecretStr(empty), "test", 1) as fresh:
        assert (await api_readiness(fresh)()).missing == {}


async def test_migrations_that_run_at_once_are_applied_once(empty: str) -> None:
    applied = await asyncio.gather(*(migrate(SecretStr(empty)) for _ in range(4)))
    assert sorted(map(len, applied)) == [0, 0, 0, len(migrations())]


async def test_a_process_of_the_next_release_names_the_migration_that_it_misses(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate(SecretStr(empty))
    both = [*migrations(), NEXT]
    monkeypatch.setattr("command_service.readiness.migrations", lambda: both)
    monkeypatch.setattr("command_service.migrating.migrations", lambda: both)
    async with pool(SecretStr(empty), "test", 1) as older:
        ready = api_readiness(older)
        assert (await ready()).missing == {"postgresql": "run `command-service migrate`: 0002_next.sql"}
        assert await migrate(SecretStr(empty)) == ["0002_next.sql"]
        assert (await ready()).missing == {}


async def test_a_process_of_the_last_release_goes_on_with_a_newer_schema_and_its_migrate_changes_nothing(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = [*migrations(), NEXT]
    with monkeypatch.context() as newer:
        newer.setattr("command_service.migrating.migrations", lambda: both)
        assert len(await migrate(SecretStr(empty))) == 2
    before = await tables(empty)
    with structlog.testing.capture_logs() as lines:
        assert await migrate(SecretStr(empty)) == []
    assert [line["unknown"] for line in lines if line["event"] == "schema_is_newer"] == [["0002_next.sql"]]
    assert await tables(empty) == before
    async with pool(SecretStr(empty), "test", 1) as newer_schema:
        assert (await api_readiness(newer_schema)()).missing == {}


async def test_a_migration_that_was_changed_after_it_was_applied_is_refused(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate(SecretStr(empty))
    changed = [(name, f"{text}\n-- better") for name, text in migrations()]
    monkeypatch.setattr("command_service.migrating.migrations", lambda: changed)
    with pytest.raises(ChangedMigrationError, match=r"0001_initial.sql .* write a new one"):
        await migrate(SecretStr(empty))


async def test_a_migration_whose_statement_fails_is_undone_whole(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await migrate(SecretStr(empty))
    before = await tables(empty)
    wrong = [*migrations(), ("0002_wrong.sql", f"{NEXT[1]} SELECT 1 / 0;")]
    monkeypatch.setattr("command_service.migrating.migrations", lambda: wrong)
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(SecretStr(empty))
    assert await tables(empty) == before


async def test_a_migration_does_not_have_everybody_wait_behind_it_for_a_busy_table(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate(SecretStr(empty))
    both = [*migrations(), NEXT]
    monkeypatch.setattr("command_service.migrating.migrations", lambda: both)
    monkeypatch.setattr("command_service.migrating.LOCK_SECONDS", 0.2)
    async with pool(SecretStr(empty), "test", 1) as sessions:
        async with sessions.acquire() as busy, busy.transaction():
            await busy.execute("LOCK TABLE hotel IN ROW EXCLUSIVE MODE")
            with pytest.raises(asyncpg.LockNotAvailableError):
                await migrate(SecretStr(empty))
        name, text = NEXT
        assert await migrate(SecretStr(empty)) == [name]
        digest = await sessions.fetchval("SELECT sha256 FROM migration WHERE name = $1", name)
        assert digest == hashlib.sha256(text.encode()).hexdigest()
