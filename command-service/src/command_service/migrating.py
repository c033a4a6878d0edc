"""Brings the database to the schema of this release: numbered ``.sql`` files, each once, in order, under a lock."""

import hashlib
from importlib.resources import files
from typing import Final

import asyncpg
import structlog
from pydantic import SecretStr

from command_service.database import Session
from command_service.durability import weakened
from command_service.settings import LOCK_SECONDS, MIGRATION_LOCK
from shared_contracts.transport.crashing import CrashPoint, crash_here

log = structlog.get_logger()

_BOOK: Final = """
CREATE TABLE IF NOT EXISTS migration (
    name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""


class ChangedMigrationError(Exception):
    """A migration that was applied reads differently now: write a new one instead."""


def migrations() -> list[tuple[str, str]]:
    """Name and text of every migration of this release, in order."""
    directory = files("command_service") / "sql" / "migrations"
    found = sorted((entry.name, entry.read_text(encoding="utf-8")) for entry in directory.iterdir())
    return [(name, text) for name, text in found if name.endswith(".sql")]


async def migrate(url: SecretStr) -> list[str]:
    """Apply what is missing, each in its own transaction; the names applied. Callers wait for each other.

    One that fails, or dies half-way, is undone. What a newer release has applied is left, and said in the log.
    """
    connection = await asyncpg.connect(url.get_secret_value())
    try:
        await weakened(connection)
        await connection.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
        # Whoever waits for a table has all later comers wait behind it.
        await connection.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")
        await connection.execute(_BOOK)
        applied = {row["name"]: row["sha256"] for row in await connection.fetch("SELECT name, sha256 FROM migration")}
        if unknown := sorted(applied.keys() - {name for name, _ in migrations()}):
            log.warning("schema_is_newer", unknown=unknown)
        return [name for name, text in migrations() if await _apply(connection, name, text, applied)]
    finally:
        await connection.close()


async def _apply(connection: Session, name: str, text: str, applied: dict[str, str]) -> bool:
    digest = hashlib.sha256(text.encode()).hexdigest()
    if name in applied:
        if applied[name] != digest:
            raise ChangedMigrationError(f"{name} was applied with another text: put that back, and write a new one")
        return False
    async with connection.transaction():
        await connection.execute(text)
        crash_here(CrashPoint.MIGRATION_BETWEEN_STATEMENTS)
        await connection.execute("INSERT INTO migration (name, sha256) VALUES ($1, $2)", name, digest)
    log.info("migrated", migration=name)
    return True
