"""A migration that dies half-way leaves nothing half done; started again, it comes to the same schema as any other."""

import asyncio
import os
import random
from signal import SIGKILL
from typing import Final

import asyncpg

from harness.world import VARIABLES, World, script
from local_stack.postgres import superuser_url
from shared_contracts.transport.crashing import VARIABLE, CrashPoint

SCHEMA: Final = """
SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '')
FROM information_schema.columns WHERE table_schema = 'public'
UNION SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
ORDER BY 1
"""

BOOK: Final = "migration"
"""The table in which migrations are noted down; it is there before the first of them."""


async def dies_while_migrating(world: World, point: CrashPoint, rng: random.Random) -> str:
    """Have the migration of an empty database die there, and start it again; empty where all is well."""
    name = f"migration_{rng.getrandbits(32):08x}"
    admin = superuser_url(world.servers["postgres"])
    await _execute(admin, f"CREATE DATABASE {name} OWNER innkeep")
    try:
        return await _die(world, point, admin, name)
    finally:
        await _execute(admin, f"DROP DATABASE {name} WITH (FORCE)")


async def _die(world: World, point: CrashPoint, admin: str, name: str) -> str:
    own = world.servers["postgres"].url.rpartition("/")[0] + f"/{name}"
    as_admin = admin.rpartition("/")[0] + f"/{name}"
    environment = {**world.pair.environment, VARIABLES["postgres"]: own}
    found = []
    before = await _schema(as_admin)
    if (ended := await _migrate({**environment, VARIABLE: f"{point}:1"})) != -SIGKILL:
        found.append(f"{point} was not hit: migrate ended with {ended}")
    if [line for line in await _schema(as_admin) if BOOK not in line] != before:
        found.append(f"{point}: half a migration is there")
    if (ended := await _migrate(environment)) != 0:
        found.append(f"{point}: migrate ended with {ended} when started again")
    if await _schema(as_admin) != await _schema(admin):
        found.append(f"{point}: the schema is another than that of migrations that lived")
    return "; ".join(found)


async def _migrate(environment: dict[str, str]) -> int:
    process = await asyncio.create_subprocess_exec(
        script("command-service"),
        "migrate",
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    return await process.wait()


async def _schema(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        return [row[0] for row in await connection.fetch(SCHEMA)]
    finally:
        await connection.close()


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
