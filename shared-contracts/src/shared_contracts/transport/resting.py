"""Resting a little after each small batch: fewer and larger ones follow where cores are scarce (decision 10)."""

from typing import Final

REST: Final = 0.5
MAX_REST_SECONDS: Final = 0.1


def rest_seconds(worked: float) -> float:
    """How long to rest after a batch that was not full and took ``worked`` seconds: half of that, and never long.

    What arrives meanwhile goes together, and whoever waits for a core gets it.
    """
    return min(worked * REST, MAX_REST_SECONDS)
