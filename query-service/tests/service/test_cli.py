"""The commands of an operator."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from query_service.documents import Documents
from query_service.folding import Fault
from query_service.parking import Parking
from query_service.readiness import COLLECTIONS
from shared_contracts.transport.consuming import Delivery

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def command(mongodb_url: str, database: str) -> Command:
    """Runs ``query-service`` with these words."""
    environment = {
        "INNKEEP_MONGODB_URL": mongodb_url,
        "INNKEEP_MONGODB_DATABASE": database,
        "INNKEEP_RABBITMQ_URL": "amqp://nowhere",
    }
    executable = str(Path(sys.executable).parent / "query-service")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [executable, *words], env={**os.environ, **environment}, capture_output=True, text=True, check=False
        )

    return run


def test_migrating_twice_creates_the_collections_once(command: Command, mongodb_url: str, database: str) -> None:
    async def missing() -> list[str]:
        with closing(Documents(mongodb_url, database, 10)) as documents:
            return await documents.missing(COLLECTIONS)

    assert [command("migrate").returncode for _ in range(2)] == [0, 0]
    assert asyncio.run(missing()) == []


def test_what_is_parked_is_listed_and_resumed(command: Command, mongodb_url: str, database: str) -> None:
    async def park() -> None:
        with closing(Documents(mongodb_url, database, 10)) as documents:
            parking = Parking(documents, clock=lambda: 0.0)
            await parking.park_hotel("seaside", Fault(7, "it makes no sense"))
            await parking.park_message(Delivery("events.01", b"?", tag=1), "not JSON")

    asyncio.run(park())
    hotel, message = map(json.loads, command("parked", "list").stdout.splitlines())
    assert hotel == {
        "_id": "seaside",
        "position": 7,
        "reason": "it makes no sense",
        "at": "1970-01-01T00:00:00+00:00",
    }
    assert (message["queue"], message["reason"], message["bytes"]) == ("events.01", "not JSON", 1)
    assert command("parked", "resume", "seaside").returncode == 0
    again = command("parked", "resume", "seaside")
    assert (again.returncode, again.stderr) == (1, "seaside is not parked.\n")
