"""The pair of services as separate processes on the tests' servers."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from harness.process import Process

ROLES: Final = {
    "command-api": ("command-service", "api"),
    "relay": ("command-service", "relay"),
    "worker": ("command-service", "worker"),
    "query-api": ("query-service", "api"),
    "projector": ("query-service", "projector"),
}


@dataclass(frozen=True, slots=True)
class Pair:
    """Innkeep, running. Processes are found by their role; a second one of a role has ``-2`` behind it.

    ``scripts`` names executables to run in place of the console scripts of that name.
    """

    environment: dict[str, str]
    directory: Path
    processes: dict[str, Process]
    scripts: Mapping[str, str] = field(default_factory=dict[str, str])

    def __getitem__(self, name: str) -> Process:
        """The process of that name."""
        return self.processes[name]

    def add(self, role: str, number: int = 1) -> Process:
        """Another process of a role, not started."""
        name = role if number == 1 else f"{role}-{number}"
        script, command = ROLES[role]
        self.processes[name] = Process(
            self.scripts.get(script, script), command, self.environment, self.directory / f"{name}.log"
        )
        return self.processes[name]


@asynccontextmanager
async def running_pair(
    postgres: str, rabbitmq: str, mongodb: str, directory: Path, scripts: Mapping[str, str] | None = None
) -> AsyncIterator[Pair]:
    """Migrate and start one process of each role; all are ready. At the end they are gone."""
    environment = {
        "INNKEEP_POSTGRES_URL": postgres,
        "INNKEEP_RABBITMQ_URL": rabbitmq,
        "INNKEEP_MONGODB_URL": mongodb,
        "INNKEEP_MONGODB_DATABASE": "innkeep",
        "INNKEEP_ENVIRONMENT": "development",
    }
    pair = Pair(environment, directory, {}, scripts or {})
    command_api = pair.add("command-api")
    environment["INNKEEP_COMMAND_API_URL"] = command_api.url
    for role in ROLES:
        if role not in pair.processes:
            pair.add(role)
    try:
        for script in ("command-service", "query-service"):
            migrate(script, environment)
        for process in pair.processes.values():
            process.start()
        await asyncio.gather(*(process.ready() for process in pair.processes.values()))
        yield pair
    finally:
        for process in pair.processes.values():
            process.end()


def migrate(script: str, environment: dict[str, str]) -> None:
    """Run the service's migrations to their end."""
    executable = str(Path(sys.executable).parent / script)
    subprocess.run([executable, "migrate"], env={**os.environ, **environment}, check=True, capture_output=True)
