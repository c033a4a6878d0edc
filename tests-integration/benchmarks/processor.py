"""How much processor time processes have used, from the kernel's own books."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

TICKS: Final = os.sysconf("SC_CLK_TCK")
PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_PARENT, _USER, _SYSTEM, _CHILDREN_USER, _CHILDREN_SYSTEM, _RESIDENT = 1, 11, 12, 13, 14, 21


def seconds_of(families: Mapping[str, int]) -> dict[str, float]:
    """Processor seconds used so far by each process and everything that it started, by name."""
    stats = _all_stats()
    children: dict[int, list[int]] = {}
    for pid, fields in stats.items():
        children.setdefault(int(fields[_PARENT]), []).append(pid)
    return {name: sum(_used(stats, pid) for pid in _family(pid, children)) for name, pid in families.items()}


def used(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """The difference, by name."""
    return {name: after[name] - before.get(name, 0.0) for name in after}


def resident_megabytes(pid: int) -> float:
    """What of the process is in memory now."""
    fields = _stat(pid)
    return 0.0 if fields is None else int(fields[_RESIDENT]) * PAGE / 1e6


def _family(pid: int, children: Mapping[int, Iterable[int]]) -> list[int]:
    found = [pid]
    for member in found:
        found.extend(children.get(member, ()))
    return found


def _used(stats: Mapping[int, list[str]], pid: int) -> float:
    fields = stats.get(pid)
    if fields is None:
        return 0.0
    # Children that have ended count too: PostgreSQL's sessions come and go.
    counted = (_USER, _SYSTEM, _CHILDREN_USER, _CHILDREN_SYSTEM)
    return sum(int(fields[field]) for field in counted) / TICKS


def _all_stats() -> dict[int, list[str]]:
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
    return {pid: fields for pid in pids if (fields := _stat(pid)) is not None}


def _stat(pid: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text[text.rindex(")") + 2 :].split()
