"""One running copy of the compose file: a project with a name, settings and containers of its own."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from container_stack.engine import inspect, run

PROCESSES: Final = ("command-api", "relay", "worker", "query-api", "projector")
STORES: Final = ("postgres", "rabbitmq", "mongodb")
PORT: Final = 8080
STOP_SECONDS: Final = "10"


@dataclass(frozen=True, slots=True)
class Project:
    """The compose file under a project name, with the settings of a file."""

    name: str
    settings: Path
    environment: Mapping[str, str]

    def compose(self, *arguments: str, shown: bool = False) -> str:
        """Run ``docker compose`` on it and return what it prints. May raise ``EngineError``."""
        command = ["docker", "compose", "--env-file", str(self.settings), "--project-name", self.name, *arguments]
        return run(command, self.environment, shown=shown)

    def up(self) -> None:
        """Build, start, and return when everything is healthy."""
        self.compose("up", "--build", "--wait", shown=True)

    def remove(self) -> None:
        """Remove its containers, networks and data, and the images that were built under its name."""
        self.compose("down", "--volumes", "--timeout", STOP_SECONDS)
        built = run(["docker", "image", "ls", "--quiet", "--filter", f"reference={self.name}-*"]).split()
        if built:
            run(["docker", "image", "rm", *built])

    def url(self, service: str) -> str:
        """Where a published service answers."""
        return f"http://{self.compose('port', service, str(PORT)).strip()}"

    def container(self, service: str) -> dict[str, Any]:
        """What the engine knows about the container of a service, running or not."""
        return inspect([self.compose("ps", "--all", "--quiet", service).strip()])[0]


def environment_without_ours() -> dict[str, str]:
    """The environment without what the compose file reads from it, so that only the given settings count."""
    ours = ("COMPOSE_", "INNKEEP_", "MONGODB_", "POSTGRES_", "RABBITMQ_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
