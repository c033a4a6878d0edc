"""Resting after each small batch where cores are scarce: fewer and larger ones follow (decision 10)."""

from pathlib import Path
from typing import Final

REST: Final = 2.0
SMALL: Final = 0.25
MAX_REST_SECONDS: Final = 0.1
SCHEDULED: Final = Path("/proc/thread-self/schedstat")


def waited_for_a_core() -> float:
    """Seconds that this thread could have run in and no core was free, so far.

    The second number of what Linux tells (Documentation/scheduler/sched-stats.rst); 0 where it does not tell.
    """
    try:
        return int(SCHEDULED.read_bytes().split()[1]) / 1e9
    except OSError:
        return 0.0


def rest_seconds(waited: float, size: int, full: int) -> float:
    """How long to rest after a batch of ``size``, where ``full`` is the largest, that ``waited`` so long for a core.

    Twice that and never long where it was smaller than a quarter; else not at all, as much is waiting. What
    arrives meanwhile goes together, and whoever waits for a core gets it. Who need not wait need not rest.
    """
    return min(waited * REST, MAX_REST_SECONDS) if size < full * SMALL else 0.0
