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

from query_service.diverging import Divergence
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


def test_what_is_parked_is_listed_shown_resumed_and_dropped(command: Command, mongodb_url: str, database: str) -> None:
    async def park() -> None:
        with closing(Documents(mongodb_url, database, 10)) as documents:
            parking = Parking(documents, clock=lambda: 0.0)
            await parking.park_hotel("seaside", Fault(7, "it makes no sense"))
            await parking.park_message(Delivery("events.01", b"?", tag=1), "not JSON")

    asyncio.run(park())
    hotel, message = map(json.loads, command("parked", "list").stdout.splitlines())
    assert hotel == {
        "kind": "hotel",
        "_id": "seaside",
        "position": 7,
        "reason": "it makes no sense",
        "at": "1970-01-01T00:00:00+00:00",
    }
    assert (message["queue"], message["reason"], message["bytes"]) == ("events.01", "not JSON", 1)
    assert "body" not in message
    assert json.loads(command("parked", "show", message["_id"]).stdout) == {**message, "body": "?"}
    assert json.loads(command("parked", "show", "seaside").stdout) == hotel
    assert command("parked", "show", "nowhere").returncode == 1

    for words, said, audit in (
        (("resume", "seaside"), "seaside goes on at 7\n", {"action": "parked_resumed", "hotel": "seaside"}),
        (("drop", message["_id"]), f"{message['_id']} is dropped\n", {"action": "parked_dropped"}),
    ):
        for flags in (["--dry-run"], []):
            done = command("parked", *words, "--operator", "ann", *flags)
            assert (done.returncode, done.stdout) == (0, said)
            line = json.loads(done.stderr)
            assert line["operator"] == "ann"
            assert line["dry_run"] == bool(flags)
            assert audit.items() <= line.items()
        again = command("parked", *words, "--operator", "ann")
        assert again.returncode == 1
    assert command("parked", "list").stdout == ""
    assert command("parked", "resume", "seaside", "--operator", "ann").stderr == "seaside is not parked\n"


def test_a_hotel_that_has_diverged_is_listed_and_not_resumed(command: Command, mongodb_url: str, database: str) -> None:
    async def diverge() -> None:
        with closing(Documents(mongodb_url, database, 10)) as documents:
            await Parking(documents, clock=lambda: 0.0).mark_diverged("seaside", Divergence(9, 7, "it is ahead"))

    asyncio.run(diverge())
    assert json.loads(command("parked", "list").stdout) == {
        "kind": "diverged",
        "_id": "seaside",
        "documents_position": 9,
        "events_position": 7,
        "reason": "it is ahead",
        "at": "1970-01-01T00:00:00+00:00",
    }
    refused = command("parked", "resume", "seaside", "--operator", "ann")
    assert (refused.returncode, refused.stderr) == (
        1,
        "seaside has diverged: `query-service reconcile seaside --repair`\n",
    )
