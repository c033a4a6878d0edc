"""Background processes: started apart from this one, known again later, ended by their id.

A process id alone is never trusted: Linux hands ids out again. A process is its id together with the moment it started.
"""

import contextlib
import json
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from local_stack.private_file import write_private
from local_stack.waiting import until

_STATE, _PARENT, _STARTED = 0, 1, 19
KILL_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Process:
    """One process: its id and when it started, in clock ticks since the machine did."""

    pid: int
    started: int

    def alive(self) -> bool:
        """Tell whether it still runs; one that ended and is our child is reaped."""
        fields = _stat(self.pid)
        if fields is None or int(fields[_STARTED]) != self.started:
            return False
        if fields[_STATE] not in "ZX":
            return True
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, os.WNOHANG)
        return False

    def send(self, number: signal.Signals) -> None:
        """Send the signal, unless the process has ended."""
        if self.alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def end(self, number: signal.Signals, seconds: float) -> bool:
        """Ask it to end and wait; one that does not is killed, and the answer is False."""
        self.send(number)
        if until(lambda: not self.alive(), seconds):
            return True
        self.kill()
        return False

    def kill(self) -> None:
        """End it and all its descendants as a power cut would, and wait until they are gone."""
        family = [self, *_descendants(self)] if self.alive() else []
        for member in family:
            member.send(signal.SIGKILL)
        until(lambda: not any(member.alive() for member in family), KILL_SECONDS)


def spawn(command: Sequence[str], *, directory: Path, log: Path, environment: Mapping[str, str]) -> Process:
    """Start a process in a session of its own, which outlives this one; its output is added to the log."""
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    pid = os.posix_spawn(
        "/usr/bin/env",
        ["env", f"--chdir={directory}", *command],
        environment,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), append, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
        setsigdef=[signal.SIGPIPE, signal.SIGINT, signal.SIGHUP],
    )
    fields = _stat(pid)
    return Process(pid, int(fields[_STARTED]) if fields else 0)


def record(process: Process, path: Path) -> None:
    """Write down which process it is, for a later `recorded`."""
    write_private(path, json.dumps(asdict(process)))


def recorded(path: Path) -> Process | None:
    """Return the process written down there, which may have ended since."""
    if not path.exists():
        return None
    return Process(**json.loads(path.read_text()))


def _stat(pid: int) -> list[str] | None:
    """Read the fields of /proc/PID/stat that follow the name, which may itself hold blanks and brackets."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text[text.rindex(")") + 2 :].split()


def _descendants(ancestor: Process) -> list[Process]:
    children: dict[int, list[Process]] = {}
    for entry in Path("/proc").iterdir():
        fields = _stat(int(entry.name)) if entry.name.isdecimal() else None
        if fields is not None:
            process = Process(int(entry.name), int(fields[_STARTED]))
            children.setdefault(int(fields[_PARENT]), []).append(process)
    found = [ancestor]
    for process in found:
        found.extend(children.get(process.pid, []))
    return found[1:]
