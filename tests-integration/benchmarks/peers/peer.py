"""A peer: its own program under the benchmarks' interpreter, its tables and its queue private and new each time."""

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count as numbers
from pathlib import Path
from typing import Final

import asyncpg
import orjson

from benchmarks.peers.contender import Worker
from benchmarks.peers.work import FIRST_NIGHT, NIGHTS, ROOM_TYPE, ROOMS, hotels, schema

ROOT: Final = Path(__file__).parents[2]
PYTHON: Final = ROOT.parent / ".venv-bench" / "bin" / "python"
SEARCH_PATH: Final = "?options=-csearch_path%3Dpeer"
SLACK_NIGHTS: Final = 5
FILL: Final = """
WITH filled AS (INSERT INTO peer.hotel (hotel_id) SELECT unnest($1::text[]) RETURNING hotel_id)
INSERT INTO peer.inventory (hotel_id, room_type, night, sell_limit)
SELECT hotel_id, $2, $3::date + number, $4 FROM filled, generate_series(0, $5::integer) AS number
"""


@dataclass(slots=True)
class Peer:
    """One of the libraries."""

    name: str
    postgres: str = field(repr=False)
    broker: str = field(repr=False)
    session: "asyncpg.Connection[asyncpg.Record]"
    directory: Path
    patience: float = 30.0
    decided: str = "SELECT sum(position)::bigint FROM peer.hotel"
    decisions: str = "SELECT count(DISTINCT command_id), count(*) FROM peer.event"
    _chosen: tuple[int, int] = (0, 0)
    _queue: str = ""
    _numbers: "numbers[int]" = field(default_factory=numbers)
    _worker: Worker | None = None

    async def prepare(self, *, once: bool) -> None:
        """Make the tables anew; the queue is one that nobody has used."""
        await self.session.execute(schema(once=once))
        await self.session.execute(FILL, hotels(), ROOM_TYPE, FIRST_NIGHT, ROOMS, NIGHTS + SLACK_NIGHTS)
        self._queue = f"peer-{self.name}-{next(self._numbers)}"

    async def enqueue(self, count: int, seed: int) -> tuple[int, float]:
        """Let its own client queue them, in a process of its own that has started before the clock does."""
        self._chosen = (count, seed)
        process = await asyncio.create_subprocess_exec(
            *self._command("enqueue"),
            env={**os.environ, **self._environment},
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, f"{self.name} could not queue; what it said stands above"
        return count, float(orjson.loads(said))

    def start(self) -> int:
        """Start its worker."""
        log = self.directory / f"{self.name}.log"
        self._worker = Worker(self._command("work"), self._environment, ROOT, log)
        return self._worker.start()

    def check(self) -> None:
        """It still runs."""
        self._started.check()

    def kill(self) -> None:
        """Kill its worker."""
        self._started.kill()

    def close(self) -> None:
        """End its worker."""
        if self._worker is not None:
            self._worker.close()

    @property
    def _started(self) -> Worker:
        assert self._worker is not None, "it was never started"
        return self._worker

    def _command(self, what: str) -> list[str]:
        count, seed = self._chosen
        return [str(PYTHON), "-m", "benchmarks.peers", self.name, what, str(count), str(seed)]

    @property
    def _environment(self) -> Mapping[str, str]:
        return {"PEER_POSTGRES": self.postgres + SEARCH_PATH, "PEER_BROKER": self.broker, "PEER_QUEUE": self._queue}


def need_peers() -> None:
    """``FileNotFoundError`` that says what to do where the peers are not installed."""
    if not PYTHON.exists():
        raise FileNotFoundError(f"{PYTHON} is not there: `make bench` installs the peers; {sys.executable} has none")
