"""Waiting for a condition, with a deadline and never for a fixed time."""

import time
from collections.abc import Callable

POLL_SECONDS = 0.02


def until(condition: Callable[[], bool], seconds: float, poll: float = POLL_SECONDS) -> bool:
    """Tell whether the condition came true within the seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(poll)
    return True
