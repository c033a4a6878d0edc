from typing import Any

import asyncpg

from local_stack import postgres
from local_stack.listening import LOOPBACK, addresses_of
from local_stack.server import Server


async def ask(server: Server, statement: str) -> Any:
    connection = await asyncpg.connect(server.url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_it_is_durable_and_its_user_is_no_superuser(database: Server) -> None:
    assert await ask(database, "SELECT current_setting('fsync')") == "on"
    assert await ask(database, "SELECT current_setting('synchronous_commit')") == "on"
    assert await ask(database, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False


async def test_its_user_may_have_the_extension_that_excludes_overlaps(database: Server) -> None:
    await ask(database, "CREATE EXTENSION btree_gist")

    assert await ask(database, "SELECT count(*) FROM pg_extension WHERE extname = 'btree_gist'") == 1


async def test_a_commit_is_there_after_kill_9_on_the_same_port(database: Server) -> None:
    url, pid = database.url, database.pid
    await ask(database, "CREATE TABLE kept AS SELECT 7 AS n")

    database.kill()
    assert not database.running()
    database.restart()

    assert await ask(database, "SELECT n FROM kept") == 7
    assert (database.url, database.pid != pid) == (url, True)


def test_starting_it_again_finds_the_one_that_runs(database: Server) -> None:
    again = postgres.start(database.directory)

    assert (again.pid, again.url) == (database.pid, database.url)


def test_it_listens_on_this_machine_only(database: Server) -> None:
    assert addresses_of(database.pid) == {("0100007F", database.port)}
    assert "0100007F" in LOOPBACK


def test_no_password_is_seen_in_its_command_or_by_others(database: Server) -> None:
    password = (database.directory / "innkeep.password").read_text()

    assert password in database.url
    assert password not in repr(database)
    assert all(file.stat().st_mode & 0o077 == 0 for file in database.directory.glob("*.password"))
