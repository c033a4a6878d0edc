"""A backup holds what was there in one moment, and comes back whole or not at all."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg
import httpx2
import pytest

from harness.front_desk import OPENING, booking
from innkeep_backup.database import BackupError, restore, take
from innkeep_processes.state import load
from local_stack import postgres
from local_stack.server import Server
from local_stack.waiting import until

BACKUP = Path(__file__).resolve().parents[1] / "backup.py"
ROLES = Path(__file__).resolve().parents[2] / "containers" / "postgres" / "roles.sql"
SCHEMA = """
CREATE TABLE hotel (hotel_id text PRIMARY KEY);
CREATE TABLE command (id int PRIMARY KEY);
CREATE TABLE event (position int PRIMARY KEY);
CREATE TABLE outcome (command_id int PRIMARY KEY);
CREATE UNLOGGED TABLE worker (member text PRIMARY KEY);
INSERT INTO event SELECT generate_series(1, 20000);
INSERT INTO worker VALUES ('who was at work then');
"""
Session: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@pytest.fixture
async def session(database: Server) -> AsyncIterator[Session]:
    """A session of the owner of an empty database with Innkeep's tables."""
    opened = await asyncpg.connect(database.url)
    await opened.execute("DROP TABLE IF EXISTS hotel, command, event, outcome, worker, later")
    await opened.execute(SCHEMA)
    yield opened
    await opened.close()


def backup_py(database: Server, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "INNKEEP_BACKUP_POSTGRES_URL": postgres.superuser_url(database)}
    return subprocess.run(
        [sys.executable, str(BACKUP), *words], env=environment, capture_output=True, text=True, check=False
    )


async def test_what_comes_back_is_what_was_taken_and_nothing_else(
    database: Server, session: Session, tmp_path: Path
) -> None:
    file = tmp_path / "innkeep.dump"
    taken = backup_py(database, "take", str(file))
    assert taken.returncode == 0, taken.stderr
    assert file.stat().st_mode & 0o077 == 0
    await session.execute("DELETE FROM event WHERE position > 5; CREATE TABLE later (); INSERT INTO hotel VALUES ('a')")
    await session.close()
    restored = backup_py(database, "restore", str(file))
    assert restored.returncode == 0, restored.stderr
    again = await asyncpg.connect(database.url)
    assert await again.fetchval("SELECT count(*) FROM event") == 20_000
    assert await again.fetchval("SELECT count(*) FROM hotel") == 0
    assert await again.fetchval("SELECT to_regclass('later')") is None
    assert await again.fetchval("SELECT count(*) FROM worker") == 0
    await again.execute("INSERT INTO worker VALUES ('its owner may write')")
    await again.close()


async def test_nothing_is_replaced_while_somebody_is_connected(
    database: Server, session: Session, tmp_path: Path
) -> None:
    take(postgres.superuser_url(database), tmp_path / "innkeep.dump")
    with pytest.raises(BackupError, match="being accessed by other users"):
        restore(postgres.superuser_url(database), tmp_path / "innkeep.dump")
    assert await session.fetchval("SELECT count(*) FROM event") == 20_000


@pytest.mark.parametrize("damage", ["cut", "overwritten", "of something else", "missing"])
async def test_a_backup_that_cannot_be_read_to_its_end_replaces_nothing(
    database: Server, session: Session, tmp_path: Path, damage: str
) -> None:
    file = tmp_path / "innkeep.dump"
    if damage == "of something else":
        await session.execute("DROP TABLE outcome")
        with pytest.raises(BackupError, match="holds no table outcome"):
            take(postgres.superuser_url(database), file)
        assert files_in(tmp_path) == []
        return
    take(postgres.superuser_url(database), file)
    await session.close()
    whole = file.read_bytes()
    match damage:
        case "cut":
            file.write_bytes(whole[: len(whole) - 2_000])
        case "overwritten":
            file.write_bytes(whole[: len(whole) // 2] + bytes(2_000) + whole[len(whole) // 2 + 2_000 :])
        case _:
            file.unlink()
    with pytest.raises(BackupError):
        restore(postgres.superuser_url(database), file)
    again = await asyncpg.connect(database.url)
    assert await again.fetchval("SELECT count(*) FROM event") == 20_000
    await again.close()


def test_a_backup_never_takes_the_place_of_another(database: Server, tmp_path: Path) -> None:
    file = tmp_path / "innkeep.dump"
    file.write_text("of yesterday")
    told = backup_py(database, "take", str(file))
    assert told.returncode == 1
    assert "never takes the place" in told.stderr
    assert file.read_text() == "of yesterday"


async def test_rights_come_back_with_the_tables(tmp_path: Path) -> None:
    """With the roles of the containers: the owner migrates, the processes read and write rows and can do no more."""
    server = postgres.start(tmp_path / "postgres")
    url = postgres.superuser_url(server)
    try:
        admin = await asyncpg.connect(url)
        await admin.execute("CREATE ROLE innkeep_owner LOGIN PASSWORD 'o'; ALTER ROLE innkeep PASSWORD 'i'")
        grants = ROLES.read_text().partition("CREATE ROLE innkeep LOGIN PASSWORD :'password';")[2]
        assert "ALTER DEFAULT PRIVILEGES" in grants
        await admin.execute(f"ALTER DATABASE innkeep OWNER TO postgres; {grants}")
        await admin.execute(f"SET ROLE innkeep_owner; {SCHEMA}")
        before = await rights(admin)
        await admin.close()
        take(url, tmp_path / "innkeep.dump")
        restore(url, tmp_path / "innkeep.dump")
        admin = await asyncpg.connect(url)
        assert await rights(admin) == before
        await admin.close()
        address = server.url.partition("@")[2]
        process = await asyncpg.connect(f"postgresql://innkeep:i@{address}")
        await process.execute("INSERT INTO hotel VALUES ('seaside')")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await process.execute("DROP TABLE hotel")
        await process.close()
    finally:
        server.stop()


RIGHTS = """
SELECT kind, name, (SELECT array_agg(one::text ORDER BY one::text) FROM unnest(acl) one) AS rights FROM (
    SELECT 'database' AS kind, datname::text AS name, datacl AS acl FROM pg_database WHERE datname = 'innkeep'
    UNION ALL SELECT 'schema', nspname::text, nspacl FROM pg_namespace WHERE nspname = 'public'
    UNION ALL SELECT 'table', relname::text, relacl FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    UNION ALL SELECT 'tables to come', defaclrole::regrole::text, defaclacl FROM pg_default_acl
) r ORDER BY kind, name
"""


async def rights(session: Session) -> list[asyncpg.Record]:
    """Who may do what."""
    return await session.fetch(RIGHTS)


def files_in(directory: Path) -> list[Path]:
    return list(directory.iterdir())


async def test_a_database_that_cannot_be_reached_leaves_no_file(database: Server, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="password authentication failed"):
        take(postgres.superuser_url(database).replace("postgres:", "postgres:x"), tmp_path / "innkeep.dump")
    assert files_in(tmp_path) == []


def run(folder: Path, script: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "INNKEEP_STACK_DIRECTORY": str(folder)}
    return subprocess.run(
        [sys.executable, str(script), *words], env=environment, capture_output=True, text=True, check=False, timeout=240
    )


def stack(folder: Path, script: Path, *words: str) -> str:
    done = run(folder, script, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@dataclass
class Desk:
    """The front desk of the stack in a folder, at whatever addresses it has now."""

    folder: Path
    position: int = 0

    def url(self, service: str, path: str) -> str:
        return load(self.folder / "stack.json").services[service].url + path

    def do(self, task: str, body: dict[str, Any]) -> str:
        """Do a task that must succeed; the command's id."""
        url = self.url("command-api", f"/v1/hotels/seaside/commands/{task}")
        outcome = httpx2.post(url, json=body, headers={"Prefer": "wait=20"}, timeout=30, trust_env=False).json()
        assert outcome["status"] == "succeeded", outcome
        self.position = outcome["position"]
        return str(outcome["command_id"])

    def shows(self, reservation_id: str) -> bool:
        """Whether the query service shows it, once that holds the position of the last task."""
        url = self.url("query-api", f"/v1/hotels/seaside/reservations/{reservation_id}")
        answers: list[int] = []

        def settled() -> bool:
            answer = httpx2.get(url, params={"min_position": self.position}, timeout=30, trust_env=False)
            answers.append(answer.status_code)
            return answers[-1] in {200, 404}

        assert until(settled, 60), answers
        return answers[-1] == 200


def test_the_whole_stack_comes_back_as_it_was_when_the_backup_was_taken(tmp_path: Path) -> None:
    program = BACKUP.with_name("stack.py")
    try:
        stack(tmp_path, program, "up")
        desk = Desk(tmp_path)
        desk.do("open-hotel", OPENING)
        kept = desk.do("book-room", booking(1, 3))
        at_backup = desk.position
        stack(tmp_path, BACKUP, "take", str(tmp_path / "innkeep.dump"))
        lost = desk.do("book-room", booking(5, 7))
        assert desk.shows(lost)
        told = stack(tmp_path, BACKUP, "restore", str(tmp_path / "innkeep.dump"))
        assert [line.split()[-3] for line in told.splitlines() if "emptied" in line] == ["rabbitmq,", "document-store,"]
        desk.position = at_backup
        assert desk.shows(kept)
        assert not desk.shows(lost)
        assert desk.shows(desk.do("book-room", booking(5, 7)))
        assert desk.position == at_backup + 1
        assert until(lambda: run(tmp_path, program, "status").returncode == 0, 60)
    finally:
        stack(tmp_path, program, "down")


def test_without_a_stack_that_runs_there_is_nothing_to_take(tmp_path: Path) -> None:
    environment = {**os.environ, "INNKEEP_STACK_DIRECTORY": str(tmp_path)}
    command = [sys.executable, str(BACKUP), "take", str(tmp_path / "innkeep.dump")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "does not run" in done.stderr
