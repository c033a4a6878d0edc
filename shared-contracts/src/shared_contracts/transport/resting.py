"""Resting a little after each small batch: fewer and larger ones follow where cores are scarce (decision 10)."""

from typing import Final

REST: Final = 0.5
SMALL: Final = 0.25
MAX_REST_SECONDS: Final = 0.1


def rest_seconds(worked: float, size: int, full: int) -> float:
    """How long to rest after a batch of ``size``, where ``full`` is the largest, that took ``worked`` seconds.

    Half of that and never long where it was smaller than a quarter; else not at all, as much is waiting. What arrives
    meanwhile goes together, and whoever waits for a core gets it.
    """
    return min(worked * REST, MAX_REST_SECONDS) if size < full * SMALL else 0.0
