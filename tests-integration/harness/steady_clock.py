"""A clock for limits that a pause of the whole machine must not break: it stands still meanwhile."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

TICK_SECONDS: Final = 0.05
LONGEST_TICK_SECONDS: Final = 0.2


@dataclass(slots=True)
class SteadyClock:
    """``seconds`` that passed; a tick that takes longer than ``LONGEST_TICK_SECONDS`` counts as no more than that."""

    seconds: float = 0.0
    before: float = field(default_factory=time.monotonic)

    def tick(self, now: float) -> None:
        """Count what passed since the last tick."""
        self.seconds += min(now - self.before, LONGEST_TICK_SECONDS)
        self.before = now


@contextmanager
def steady_clock() -> Iterator[SteadyClock]:
    """A clock that a thread of its own keeps going."""
    clock, over = SteadyClock(), threading.Event()

    def count() -> None:
        while not over.wait(TICK_SECONDS):
            clock.tick(time.monotonic())

    counting = threading.Thread(target=count)
    counting.start()
    try:
        yield clock
    finally:
        over.set()
        counting.join()
