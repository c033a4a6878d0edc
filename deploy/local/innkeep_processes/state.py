"""What runs, as one file: enough to find every process again, to start it again as it was, and to end it.

Only `up`, `down` and the supervisor change it, one at a time under a lock.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from innkeep_processes.places import Places
from local_stack.private_file import write_private
from local_stack.process import Process


@dataclass(slots=True)
class Service:
    """One process of Innkeep: what it runs, with which settings, and which process it is now."""

    script: str
    command: str
    port: int
    environment: dict[str, str]
    pid: int = 0
    started: int = 0
    restarts: int = 0

    @property
    def process(self) -> Process:
        """The process, which may have ended."""
        return Process(self.pid, self.started)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"


@dataclass(slots=True)
class ServerEntry:
    """One server as `up` found it."""

    pid: int
    port: int
    url: str


@dataclass(slots=True)
class StackState:
    """The whole stack."""

    servers: dict[str, ServerEntry] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    supervisor: Process | None = None

    def save(self, path: Path) -> None:
        """Write it down; readers see the old state or this one."""
        write_private(path, json.dumps(asdict(self), indent=2) + "\n")


def load(path: Path) -> StackState:
    """Read the state; an empty one where nothing was started."""
    if not path.exists():
        return StackState()
    text = json.loads(path.read_text())
    supervisor = text["supervisor"]
    return StackState(
        servers={name: ServerEntry(**entry) for name, entry in text["servers"].items()},
        services={name: Service(**entry) for name, entry in text["services"].items()},
        supervisor=Process(**supervisor) if supervisor else None,
    )


@contextmanager
def locked(places: Places, *, wait: bool = True) -> Iterator[bool]:
    """Keep others from changing what runs; yields False where somebody else does and `wait` is off."""
    descriptor = os.open(places.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)
