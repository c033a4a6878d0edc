"""Starting and ending Innkeep's processes, and the migrations that come before them."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from innkeep_processes.places import ROOT, Places
from innkeep_processes.state import Service
from local_stack.process import Process, spawn
from local_stack.server import StartFailed, tail

STOP_SECONDS = 20.0
MIGRATION_SECONDS = 120.0
TAIL_LINES = 30


def script(name: str) -> str:
    """Find a console script beside the interpreter that runs this."""
    path = Path(sys.executable).parent / name
    if not path.exists():
        msg = f"{name} is not installed beside {sys.executable}: run `make install`, or use .venv/bin/python."
        raise StartFailed(msg)
    return str(path)


def migrate(places: Places, service: str, environment: Mapping[str, str]) -> None:
    """Run a service's migrations to their end. May raise StartFailed."""
    log = places.log_of("migrate")
    with log.open("a") as output:
        done = subprocess.run(
            [script(service), "migrate"],
            env=_whole(environment),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=MIGRATION_SECONDS,
            check=False,
        )
    if done.returncode:
        raise StartFailed(with_log(f"{service} migrate ended with {done.returncode}.", log))


def begin(places: Places, name: str, service: Service) -> None:
    """Start the process; it need not be ready on return. The caller saves the state."""
    process = spawn(
        [script(service.script), service.command],
        directory=ROOT,
        log=places.log_of(name),
        environment=_whole(service.environment),
    )
    service.pid, service.started = process.pid, process.started


def supervise(places: Places) -> Process:
    """Start the supervisor of this stack."""
    program = Path(__file__).resolve().parents[1] / "supervise.py"
    environment = _whole({"INNKEEP_STACK_DIRECTORY": str(places.folder)})
    command = [sys.executable, str(program)]
    return spawn(command, directory=ROOT, log=places.log_of("supervisor"), environment=environment)


def finish(process: Process) -> bool:
    """End a process in order; False when it had to be killed."""
    return process.end(signal.SIGTERM, STOP_SECONDS)


def with_log(what: str, log: Path) -> str:
    """Say what happened, with the end of the log."""
    end = "\n".join(f"    {line}" for line in tail(log, TAIL_LINES))
    return f"{what} The end of {log}:\n{end}"


def _whole(settings: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment with these settings in place of its own INNKEEP_ ones."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("INNKEEP_")}
    return {**kept, **settings}
