"""A process told to stop is gone in time, also while its database does not answer at all."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest

from harness.pair import migrate
from harness.process import Process
from local_stack import postgres
from local_stack.server import Server


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Server]:
    """A PostgreSQL that may be frozen."""
    server = postgres.start(tmp_path / "postgres")
    yield server
    server.stop()


def signal_all(server: Server, number: signal.Signals) -> None:
    """To the server, which starts no more then, and to the processes of its sessions, which may end meanwhile."""
    os.kill(server.pid, number)
    for pid in Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split():
        with suppress(ProcessLookupError):
            os.kill(int(pid), number)


@pytest.mark.parametrize("command", ["api", "relay"])
async def test_a_frozen_database_keeps_nobody_from_stopping(
    database: Server, rabbitmq_url: str, tmp_path: Path, command: str
) -> None:
    environment = {
        "INNKEEP_POSTGRES_URL": database.url,
        "INNKEEP_RABBITMQ_URL": rabbitmq_url,
        "INNKEEP_ENVIRONMENT": "development",
    }
    migrate("command-service", environment)
    process = Process("command-service", command, environment, tmp_path / "log")
    process.start()
    try:
        await process.ready()
        signal_all(database, signal.SIGSTOP)
        async with httpx2.AsyncClient(timeout=1) as client:
            for path in ("/health/ready", "/v1/hotels/seaside/events"):
                with suppress(httpx2.TimeoutException):
                    assert (await client.get(process.url + path)).status_code != 200
        process.stop(15)  # half as much again as is promised: the machine may pause
    finally:
        signal_all(database, signal.SIGCONT)
        process.end()
