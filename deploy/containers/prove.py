"""Proves docker-compose.yml: builds, starts, books a room, reads it back, looks at the containers, kills one, stops.

Runs under a project name, on ports and with passwords of its own, and removes all of it. Exits 1 where anything is not
as promised. INNKEEP_CONTAINERS=DIRECTORY names what makes an engine and images where no registry is reached (``up
IMAGE...``, ``down``); INNKEEP_CONTAINERS=none says that no engine can be had, and only then nothing is proved.
"""

import os
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from container_stack.compose import Project, environment_without_ours
from container_stack.dotenv import development, write_once
from container_stack.engine import EngineError, ensure_engine, run, stand_ins
from container_stack.example import HOTEL
from container_stack.front_desk import FrontDesk, NotAsPromisedError
from container_stack.promises import PROMISES, Proof

FREE_PORTS: Final = {"INNKEEP_COMMAND_PORT": "0", "INNKEEP_QUERY_PORT": "0"}  # the engine chooses
LOG_LINES: Final = "40"
NONE: Final = "none"


def main() -> None:
    """Prove every promise; raises the first that is not kept."""
    makers = os.environ.get("INNKEEP_CONTAINERS")
    if makers == NONE:
        _say("SKIPPED, nothing was proved: INNKEEP_CONTAINERS=none says that no container engine can be had here")
        return
    directory = Path(makers).resolve() if makers else None
    _say(f"an engine and its images, from {directory or 'this machine'}")
    started = ensure_engine(directory)
    try:
        with _project() as project:
            _prove(project)
    finally:
        if started and directory:
            run([str(directory / "down")])


def _prove(project: Project) -> None:
    _say(f"build and start {project.name}" + (" on stand-in images" if stand_ins() else ""))
    project.up()
    proof = Proof(project, FrontDesk(project.url("command-api"), project.url("query-api"), HOTEL))
    for promise in PROMISES:
        _say((promise.__doc__ or "").strip())
        promise(proof)
    _say(f"all {len(PROMISES)} promises are kept")


@contextmanager
def _project() -> Iterator[Project]:
    """A project of its own; at the end all that is its own is gone, and a failure has shown its logs."""
    with tempfile.TemporaryDirectory(prefix="innkeep-") as directory:
        settings = Path(directory) / "env"
        name = f"innkeep-proof-{secrets.token_hex(3)}"
        write_once(settings, development(stand_ins=stand_ins()) | FREE_PORTS | {"INNKEEP_IMAGES": name})
        project = Project(name, settings, environment_without_ours())
        try:
            yield project
        except Exception:
            project.compose("ps", "--all", shown=True)
            project.compose("logs", "--tail", LOG_LINES, shown=True)
            raise
        finally:
            _say(f"remove {project.name}")
            project.remove()


def _say(text: str) -> None:
    print(f"[{time.monotonic() - _STARTED:4.0f} s] {text}", flush=True)


_STARTED: Final = time.monotonic()

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("prove.py: told to stop"))
    try:
        main()
    except (EngineError, NotAsPromisedError) as error:
        sys.exit(f"prove.py: NOT PROVED: {error}")
