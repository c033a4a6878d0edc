"""How fast the machine is just now: a fixed piece of work, so that rates of different hours can be compared."""

import time
from typing import Final

ADDITIONS: Final = 3_000_000
TRIES: Final = 5


def loop_seconds() -> list[float]:
    """The seconds that a loop of ``ADDITIONS`` took, each of ``TRIES`` times."""
    return [_once() for _ in range(TRIES)]


def _once() -> float:
    started, total = time.perf_counter(), 0
    for number in range(ADDITIONS):
        total += number
    return time.perf_counter() - started
