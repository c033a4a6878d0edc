"""`status` and `logs`: how the stack is, without changing it."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from innkeep_processes import servers
from innkeep_processes.health import health_of
from innkeep_processes.places import Places
from innkeep_processes.state import load
from local_stack.free_port import is_free
from local_stack.server import LOG

Tell = Callable[[str], None]
_ROW = "{:<16} {:>8}  {:<26} {:<5} {}"
_LINES, _LINES_OF_ALL = "200", "20"


def status(places: Places, tell: Tell) -> bool:
    """Print a row for each server and process; True when all of them are ready."""
    state = load(places.state)
    tell(_ROW.format("NAME", "PID", "ADDRESS", "LIVE", "READY"))
    ready: list[bool] = []
    for name, entry in state.servers.items():
        server = servers.known(places).get(name)
        live = server is not None and server.running()
        answers = live and not is_free(entry.port)
        pid = server.pid if server is not None and live else "-"
        tell(_ROW.format(name, pid, f"127.0.0.1:{entry.port}", _word(live), _word(answers)))
        ready.append(answers)
    for name, service in state.services.items():
        health = health_of(service.port)
        pid = service.pid if service.process.alive() else "-"
        what = "yes" if health.ready else f"no: {health.missing}"
        tell(_ROW.format(name, pid, service.url, _word(health.live), what))
        ready.append(health.ready)
    supervised = state.supervisor is not None and state.supervisor.alive()
    if state.supervisor is not None:
        tell(_ROW.format("supervisor", state.supervisor.pid if supervised else "-", "", _word(supervised), ""))
    return bool(state.services) and all(ready) and supervised


def show_logs(places: Places, process: str | None, *, follow: bool) -> None:
    """Become `tail` of one log or of all; raises LookupError for a name that has no log."""
    logs = _logs(places)
    if process is not None and process not in logs:
        msg = f"No log of {process!r}; there are {', '.join(logs) or 'none yet'}."
        raise LookupError(msg)
    files = [logs[process]] if process else list(logs.values())
    if not files:
        msg = "No logs yet: nothing was started."
        raise LookupError(msg)
    tail = shutil.which("tail") or "tail"
    options = ["-n", _LINES if process else _LINES_OF_ALL, *(["-F"] if follow else [])]
    os.execv(tail, ["tail", *options, *map(str, files)])  # noqa: S606 - no shell is wanted


def _logs(places: Places) -> dict[str, Path]:
    own = {path.stem: path for path in sorted(places.logs.glob("*.log"))}
    return own | {path.parent.name: path for path in sorted(places.data.glob(f"*/{LOG}"))}


def _word(yes: bool) -> str:  # noqa: FBT001 - it is what is worded
    return "yes" if yes else "no"
