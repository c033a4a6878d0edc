"""What is measured stands here: private servers and Innkeep's processes, as a user would run them."""

import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.processor import resident_megabytes, seconds_of
from harness.pair import Pair, running_pair
from local_stack import document_store, postgres, rabbitmq
from local_stack.server import Server

Scripts = Callable[[Path], Mapping[str, str]]
"""Makes executables in a directory; each by the name of the console script that it stands in for."""
SERVERS: Final = {"postgres": postgres, "rabbitmq": rabbitmq, "documents": document_store}


@dataclass(frozen=True, slots=True)
class Stand:
    """The servers by name and the pair of services."""

    servers: Mapping[str, Server]
    pair: Pair

    @property
    def pids(self) -> dict[str, int]:
        """The process of each part."""
        servers = {name: server.pid for name, server in self.servers.items()}
        return servers | {name: process.pid for name, process in self.pair.processes.items()}

    def processor_seconds(self) -> dict[str, float]:
        """What each part has used so far."""
        return seconds_of(self.pids)

    def megabytes(self) -> dict[str, float]:
        """What of each of Innkeep's processes is in memory."""
        return {name: resident_megabytes(process.pid) for name, process in self.pair.processes.items()}


@asynccontextmanager
async def servers() -> AsyncIterator[dict[str, Server]]:
    """The three servers, fresh and private; gone at the end."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="innkeep-bench-")))
        started: dict[str, Server] = {}
        for name, module in SERVERS.items():
            started[name] = module.start(directory / name)
            stack.callback(started[name].stop)
        yield started


@asynccontextmanager
async def stand(scripts: Scripts | None = None, workers: int = 1, projectors: int = 1) -> AsyncIterator[Stand]:
    """Fresh servers with the pair on them; ``scripts`` puts executables in place of the console scripts."""
    async with servers() as started:
        directory = started["postgres"].directory.parent / "logs"
        directory.mkdir()
        postgres_, rabbitmq_, documents = (started[name].url for name in SERVERS)
        async with running_pair(postgres_, rabbitmq_, documents, directory, scripts and scripts(directory)) as pair:
            for role, count in (("worker", workers), ("projector", projectors)):
                for number in range(2, count + 1):
                    another = pair.add(role, number)
                    another.start()
                    await another.ready()
            yield Stand(started, pair)
