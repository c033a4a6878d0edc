"""A world to break: private servers, the pair of services on them, and a way to kill, pause and start each of them."""

import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Final

import asyncpg
import httpx2

from harness.pair import ROLES, Pair, migrate
from harness.process import Process
from harness.tallies import Tallies
from local_stack import document_store, postgres, rabbitmq
from local_stack.server import Server, StartFailed
from shared_contracts.transport.crashing import VARIABLE, CrashPoint

SERVERS: Final = {"postgres": postgres, "rabbitmq": rabbitmq, "mongodb": document_store}
VARIABLES: Final = {
    "postgres": "INNKEEP_POSTGRES_URL",
    "rabbitmq": "INNKEEP_RABBITMQ_URL",
    "mongodb": "INNKEEP_MONGODB_URL",
    "command-api": "INNKEEP_COMMAND_API_URL",
}
CONNECT_SECONDS: Final = 2.0
ANSWER_SECONDS: Final = 5.0


@dataclass(slots=True)
class World:
    """Servers by name and processes by name; both can be killed, paused and started again, on the same port and data.

    ``links`` holds, for (process, server), the URL by which that process is to reach that server from its next start
    on: a proxy's, say. ``tallies`` outlives the figures.
    """

    servers: dict[str, Server]
    pair: Pair
    client: httpx2.AsyncClient
    tell: Callable[[str], None]
    links: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    tallies: Tallies = field(default_factory=Tallies)

    def __getitem__(self, name: str) -> Process:
        """The process of that name; a second one of a role has ``-2`` behind it."""
        return self.pair[name]

    @property
    def command_url(self) -> str:
        """Where commands are sent."""
        return self.pair["command-api"].url

    @property
    def query_url(self) -> str:
        """Where queries are asked."""
        return self.pair["query-api"].url

    def start(self, name: str, crash_at: CrashPoint | None = None, hit: int = 1) -> Process:
        """Start a process; returns at once. With ``crash_at`` it dies at the ``hit``-th time that it comes by there."""
        process = self.pair[name]
        armed = {VARIABLE: f"{crash_at}:{hit}"} if crash_at else {}
        process.environment = {**self.environment_of(name), **armed}
        process.start()
        return process

    def environment_of(self, name: str) -> dict[str, str]:
        """What the process is told, with its ``links`` in place of the servers' own addresses."""
        linked = {VARIABLES[server]: url for (of, server), url in self.links.items() if of == name}
        return {**self.pair.environment, **linked}

    async def another(self, role: str, number: int = 2) -> Process:
        """One more process of a role, ready; ``retire`` it at the end."""
        self.pair.add(role, number)
        process = self.start(f"{role}-{number}")
        await process.ready()
        return process

    def retire(self, name: str) -> None:
        """Kill a process that was one more, and forget it."""
        self.pair.processes.pop(name).end()

    async def kill_server(self, name: str) -> None:
        """SIGKILL to the server and all its descendants; returns when they are gone."""
        await asyncio.to_thread(self.servers[name].kill)

    async def start_server(self, name: str) -> float:
        """Start it again where it is down; the seconds until it answered."""
        started = time.monotonic()
        await asyncio.to_thread(self.servers[name].ensure_running)
        return time.monotonic() - started

    def pause_server(self, name: str) -> None:
        """SIGSTOP to the server and all its descendants: connections stay, and nothing answers."""
        for pid in _family(self.servers[name].pid):
            _signal(pid, signal.SIGSTOP)

    def resume_server(self, name: str) -> None:
        """SIGCONT."""
        for pid in _family(self.servers[name].pid):
            _signal(pid, signal.SIGCONT)

    async def healthy(self) -> None:
        """Start whatever is down, unarmed and with its links; returns once every process says that it is ready."""
        for name in self.servers:
            self.resume_server(name)
            await self.start_server(name)
        for name, process in self.pair.processes.items():
            if process.exit_code is not None:
                self.start(name)
            process.resume()
        await asyncio.gather(*(process.ready() for process in self.pair.processes.values()))

    @asynccontextmanager
    async def database(self) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        """A session of the server itself, for looking, never for changing."""
        connection = await asyncpg.connect(self.servers["postgres"].url)
        try:
            yield connection
        finally:
            await connection.close()


def hotel_names(prefix: str, rng: random.Random, count: int) -> list[str]:
    """Ids of hotels that nobody has opened yet."""
    return [f"{prefix.lower()}-{rng.getrandbits(48):012x}" for _ in range(count)]


@asynccontextmanager
async def running_world(tell: Callable[[str], None], records: Path | None = None) -> AsyncIterator[World]:
    """Fresh servers in a temporary directory, migrated, and one process of each role, all ready; gone at the end.

    Histories and logs are kept where ``records`` says where.
    """
    with tempfile.TemporaryDirectory(prefix="innkeep-chaos-") as name:
        directory = Path(name)
        kept = records or directory / "records"
        kept.mkdir(parents=True, exist_ok=True)
        servers: dict[str, Server] = {}
        try:
            for server, module in SERVERS.items():
                servers[server] = await asyncio.to_thread(_start, module, directory / server)
                tell(f"{servers[server].name} answers")
            async with _client() as client, _running_pair(servers, kept) as pair:
                world = World(servers, pair, client, tell)
                for process in pair.processes:
                    world.start(process)
                await world.healthy()
                tell("all processes are ready")
                yield world
        finally:
            for running in servers.values():
                await asyncio.to_thread(running.kill)


def _start(module: ModuleType, directory: Path) -> Server:
    """A fresh server; once more where somebody else took one of its ports before it listened."""
    server: Server
    try:
        server = module.start(directory)
    except StartFailed:
        server = module.start(directory.with_name(f"{directory.name}-again"))
    return server


def _client() -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS, pool=None),
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=None),
        trust_env=False,
    )


@asynccontextmanager
async def _running_pair(servers: dict[str, Server], records: Path) -> AsyncIterator[Pair]:
    """The pair, migrated and not started, with its logs among the records; what was started is gone at the end."""
    environment = {VARIABLES[name]: server.url for name, server in servers.items()}
    environment |= {"INNKEEP_MONGODB_DATABASE": "innkeep", "INNKEEP_ENVIRONMENT": "development"}
    pair = Pair(environment, records, {})
    try:
        for role in ROLES:
            pair.add(role)
        environment[VARIABLES["command-api"]] = pair["command-api"].url
        for script in ("command-service", "query-service"):
            await asyncio.to_thread(migrate, script, environment)
        yield pair
    finally:
        for process in pair.processes.values():
            process.end()


def _family(pid: int) -> Iterator[int]:
    """The process and its descendants; nothing where it is gone."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return
    yield pid
    for child in children:
        yield from _family(int(child))


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return  # it has just ended


def script(name: str) -> str:
    """Where a console script of the services is."""
    return str(Path(sys.executable).parent / name)
