"""Innkeep's own worker step: accepted over HTTP and queued by the product's relay, decided by one worker alone."""

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import uuid4

import asyncpg

from benchmarks.load import Load
from benchmarks.path import sent_by_another_process
from benchmarks.peers.work import HOTELS
from benchmarks.work import opening
from harness.pair import Pair, migrate
from harness.process import Process
from harness.waiting import until
from replay.service import Service, document, new_client

CONNECTIONS: Final = 64
OPENING_TOGETHER: Final = 20
QUEUE_SECONDS: Final = 120.0
UNSENT: Final = "SELECT EXISTS (SELECT FROM command_outbox)"
UNDECIDED: Final = (
    "SELECT EXISTS (SELECT FROM command c WHERE NOT EXISTS (SELECT FROM outcome o WHERE o.command_id = c.id))"
)
NEW: Final = "DROP SCHEMA public CASCADE; CREATE SCHEMA public"


@dataclass(slots=True)
class Innkeep:
    """The product. Its API and its relay run while commands are queued, and its worker while they are decided."""

    postgres: str = field(repr=False)
    broker: str = field(repr=False)
    session: "asyncpg.Connection[asyncpg.Record]"
    directory: Path
    patience: float = 30.0
    decided: str = "SELECT sum(position)::bigint FROM hotel"
    decisions: str = "SELECT count(DISTINCT command_id), count(*) FROM event WHERE type = 'RoomBooked'"
    _pair: Pair | None = None

    async def prepare(self, *, once: bool) -> None:
        """An empty database of this release; a command has at most one outcome there, whatever ``once`` says."""
        del once
        self.close()
        await self.session.execute(NEW)
        environment = {
            "INNKEEP_POSTGRES_URL": self.postgres,
            "INNKEEP_RABBITMQ_URL": self.broker,
            "INNKEEP_ENVIRONMENT": "development",
        }
        self._pair = Pair(environment, self.directory, {})
        for role in ("command-api", "relay", "worker"):
            self._pair.add(role)
        await asyncio.to_thread(migrate, "command-service", environment)

    async def enqueue(self, count: int, seed: int) -> tuple[int, float]:
        """Accepted one by one over HTTP, and confirmed by the broker; the hotels are open before the clock starts."""
        names = [f"bench-{uuid4().hex[:12]}" for _ in range(HOTELS)]
        for process in self._processes.values():
            process.start()
        await asyncio.gather(*(process.ready() for process in self._processes.values()))
        await self._open(names)
        self._processes["worker"].stop()
        load = Load(
            command_port=self._processes["command-api"].port,
            query_port=0,
            hotels=names,
            seed=seed,
            seconds=QUEUE_SECONDS,
            connections=CONNECTIONS,
            most=count,
        )
        started = time.monotonic()
        sent, _ = await sent_by_another_process(load)
        assert not sent.refused, f"{sent.refused} of {sent.accepted} were refused"
        await until(self._all_queued, QUEUE_SECONDS)
        took = time.monotonic() - started
        for role in ("command-api", "relay"):
            self._processes[role].stop()
        return sent.accepted, took

    def start(self) -> int:
        """Start the worker."""
        worker = self._processes["worker"]
        worker.start()
        return worker.pid

    def check(self) -> None:
        """It still runs."""
        worker = self._processes["worker"]
        assert worker.exit_code is None, f"the worker has ended by itself: {worker.log.read_text()[-2_000:]}"

    def kill(self) -> None:
        """Kill the worker."""
        self._processes["worker"].kill()

    def close(self) -> None:
        """End all."""
        if self._pair is not None:
            for process in self._pair.processes.values():
                process.end()

    @property
    def _processes(self) -> dict[str, Process]:
        assert self._pair is not None, "it was never prepared"
        return self._pair.processes

    async def _open(self, names: list[str]) -> None:
        together = asyncio.Semaphore(OPENING_TOGETHER)
        async with new_client(None) as client:
            command = Service(client, self._processes["command-api"].url)

            async def one(name: str) -> None:
                async with together:
                    answer = await command.post(f"/v1/hotels/{name}/commands/open-hotel", opening(name))
                    document(answer, 202)

            await asyncio.gather(*(one(name) for name in names))
        await until(self._all_decided, QUEUE_SECONDS)

    async def _all_queued(self) -> bool:
        return not await self.session.fetchval(UNSENT)

    async def _all_decided(self) -> bool:
        return not await self.session.fetchval(UNDECIDED)
