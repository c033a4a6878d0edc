"""What the three servers have in common: a directory, a port, and how they start and end."""

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from local_stack.free_port import free_port, is_free
from local_stack.private_file import write_private
from local_stack.process import Process, record, recorded, spawn
from local_stack.waiting import until

PROCESS = "process.json"
COMPANION = "companion.json"
LOG = "log.txt"
_PORT = "port"
TAIL_LINES = 20
READY_SECONDS = 90.0
PORT_SECONDS = 5.0
STOP_SECONDS = 30.0


class StartFailed(Exception):  # noqa: N818 - reads as what happened
    """A server did not start; the message holds the end of its log and what to do."""


@dataclass(frozen=True, slots=True)
class Server:
    """One private server; the object stays valid over `stop`, `kill` and `restart`."""

    name: str
    directory: Path
    port: int
    url: str = field(repr=False)
    graceful: signal.Signals
    launch: Callable[[], None] = field(repr=False)

    @property
    def pid(self) -> int:
        """The process id of the server now; raises when it never ran."""
        process = recorded(self.directory / PROCESS)
        if process is None:
            msg = f"{self.name} never ran in {self.directory}."
            raise LookupError(msg)
        return process.pid

    def running(self) -> bool:
        """Tell whether its process is alive."""
        process = recorded(self.directory / PROCESS)
        return process is not None and process.alive()

    def ensure_running(self) -> None:
        """Start it unless it runs; returns once it answers. May raise StartFailed."""
        if not self.running():
            self.launch()

    def stop(self, seconds: float = STOP_SECONDS) -> bool:
        """End it in order and wait; False when it had to be killed. Stopping a stopped one does nothing."""
        in_order = [process.end(number, seconds) for process, number in self._processes()]
        return all(in_order)

    def kill(self) -> None:
        """End it at once, as a power cut would. What it promised to keep is there after `restart`."""
        for process, _ in self._processes():
            process.kill()

    def restart(self) -> None:
        """Stop it where it runs, and start it on the same port and data; returns once it answers."""
        self.stop()
        self.launch()

    def _processes(self) -> list[tuple[Process, signal.Signals]]:
        signals = {PROCESS: self.graceful, COMPANION: signal.SIGTERM}
        known = ((recorded(self.directory / file), number) for file, number in signals.items())
        return [(process, number) for process, number in known if process is not None]


def choose_port(directory: Path, wanted: int | None) -> int:
    """Return the port for the server of that directory: the wanted one, else the one it had, else a free one.

    A server that runs keeps its port; to want another then raises StartFailed.
    """
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / _PORT
    kept = int(file.read_text()) if file.exists() else None
    process = recorded(directory / PROCESS)
    if kept and process is not None and process.alive():
        if wanted not in (None, kept):
            msg = f"The server of {directory} runs on port {kept}, not {wanted}: stop it first."
            raise StartFailed(msg)
        return kept
    port = wanted or (kept if kept and until(lambda: is_free(kept), PORT_SECONDS) else free_port())
    write_private(file, str(port))
    return port


def launch(
    name: str,
    command: Sequence[str],
    directory: Path,
    environment: Mapping[str, str],
    ready: Callable[[Process], bool],
) -> None:
    """Start the server's process, note it down and wait until it is ready, or raise StartFailed."""
    log = directory / LOG
    process = spawn(command, directory=directory, log=log, environment=environment)
    record(process, directory / PROCESS)
    came_up = until(lambda: not process.alive() or ready(process), READY_SECONDS)
    if came_up and process.alive():
        return
    what = f"was not ready within {READY_SECONDS:.0f} s" if process.alive() else "ended while it started"
    process.kill()
    raise StartFailed(failure(name, what, log))


def failure(name: str, what: str, log: Path) -> str:
    """Say what happened, with the end of the log and what to do."""
    end = "\n".join(f"    {line}" for line in tail(log, TAIL_LINES))
    return f"{name} {what}. The end of {log}:\n{end}\nMend what it says, or remove {log.parent} to start afresh."


def tail(path: Path, lines: int) -> list[str]:
    """Return the last lines of a text file; none when there is no such file."""
    if not path.exists():
        return []
    return path.read_text(errors="replace").splitlines()[-lines:]


def environment_for(home: Path, **more: str) -> dict[str, str]:
    """Build a clean environment, so that no PG*, RABBITMQ_* or JAVA_* variable of the caller changes a server."""
    kept = {name: os.environ[name] for name in ("PATH", "JAVA_HOME") if name in os.environ}
    return {"PATH": os.defpath, **kept, "HOME": str(home), "LANG": "C.UTF-8", "TZ": "UTC", **more}
