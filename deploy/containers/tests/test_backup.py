"""The script that backs the containers up, with a stand-in for the engine and a real PostgreSQL behind it."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from local_stack import postgres
from local_stack.server import Server

SCRIPT = Path(__file__).resolve().parents[1] / "backup"
ENGINE = """\
#!/usr/bin/env bash
echo "$*" >>"$ENGINE_LOG"
case "$*" in
  "compose exec -T postgres "*) shift 4; exec "$@" ;;
  "compose ps --quiet postgres") echo container ;;
  "inspect "*) echo own ;;
  "volume ls "*) last=${!#}; echo "own_${last##*=}" ;;
esac
"""
DONE = """\
compose exec -T postgres pg_restore --file=/dev/null
compose ps --quiet postgres
inspect --format {{index .Config.Labels "com.docker.compose.project"}} container
compose stop command-api relay worker query-api projector
compose exec -T postgres pg_restore --username=postgres --clean --if-exists --create --exit-on-error --dbname=postgres
compose rm --stop --force rabbitmq
volume ls --quiet --filter label=com.docker.compose.project=own --filter label=com.docker.compose.volume=rabbitmq
volume rm own_rabbitmq
compose rm --stop --force mongodb
volume ls --quiet --filter label=com.docker.compose.project=own --filter label=com.docker.compose.volume=mongodb
volume rm own_mongodb
compose up --wait
"""


@dataclass
class Containers:
    """An engine that writes down what it is asked for, and runs PostgreSQL's programs against a server of the test."""

    folder: Path
    server: Server

    def backup(self, *words: str) -> subprocess.CompletedProcess[str]:
        url = urlsplit(postgres.superuser_url(self.server))
        connection = {"PGHOST": url.hostname or "", "PGPORT": str(url.port), "PGPASSWORD": url.password or ""}
        path = f"{self.folder}:{os.environ['PATH']}"
        environment = {**os.environ, **connection, "PATH": path, "ENGINE_LOG": str(self.folder / "log")}
        return subprocess.run([str(SCRIPT), *words], env=environment, capture_output=True, text=True, check=False)

    def asked(self) -> str:
        """What the engine was asked for since the last time."""
        log = self.folder / "log"
        said = log.read_text() if log.exists() else ""
        log.unlink(missing_ok=True)
        return said


@pytest.fixture
def containers(tmp_path: Path) -> Iterator[Containers]:
    engine = tmp_path / "bin" / "docker"
    engine.parent.mkdir()
    engine.write_text(ENGINE)
    engine.chmod(0o755)
    server = postgres.start(tmp_path / "postgres")
    yield Containers(engine.parent, server)
    server.stop()


async def execute(server: Server, statement: str) -> None:
    session = await asyncpg.connect(server.url)
    await session.execute(statement)
    await session.close()


async def test_the_database_comes_back_before_anything_is_emptied_and_then_all_starts(
    containers: Containers, tmp_path: Path
) -> None:
    await execute(containers.server, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    file = tmp_path / "innkeep.dump"
    taken = containers.backup("take", str(file))
    assert taken.returncode == 0, taken.stderr
    assert file.stat().st_mode & 0o077 == 0
    await execute(containers.server, "DELETE FROM kept; CREATE TABLE later ()")
    containers.asked()
    restored = containers.backup("restore", str(file))
    assert restored.returncode == 0, restored.stderr
    assert containers.asked() == DONE
    session = await asyncpg.connect(containers.server.url)
    assert await session.fetchval("SELECT sum(n) FROM kept") == 500_500
    assert await session.fetchval("SELECT to_regclass('later')") is None
    await session.close()


async def test_a_backup_that_is_cut_stops_nothing(containers: Containers, tmp_path: Path) -> None:
    await execute(containers.server, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    file = tmp_path / "innkeep.dump"
    assert containers.backup("take", str(file)).returncode == 0
    again = containers.backup("take", str(file))
    assert (again.returncode, "never takes the place" in again.stderr) == (1, True)
    file.write_bytes(file.read_bytes()[:-1_000])
    containers.asked()
    told = containers.backup("restore", str(file))
    assert (told.returncode, "cannot be read to its end" in told.stderr) == (1, True)
    assert containers.asked() == "compose exec -T postgres pg_restore --file=/dev/null\n"


async def test_a_restore_that_fails_empties_nothing(containers: Containers, tmp_path: Path) -> None:
    await execute(containers.server, "CREATE TABLE kept AS SELECT 1 AS n")
    assert containers.backup("take", str(tmp_path / "innkeep.dump")).returncode == 0
    session = await asyncpg.connect(containers.server.url)
    containers.asked()
    told = containers.backup("restore", str(tmp_path / "innkeep.dump"))
    await session.close()
    assert told.returncode == 1
    assert "being accessed by other users" in told.stderr
    assert "compose rm" not in containers.asked()
