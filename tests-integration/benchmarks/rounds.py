"""Interleaved rounds: every way once, then every way again, so that what else the machine does meets all alike."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

Result = TypeVar("Result")
Told = Callable[[str], None]
"""Is told how far it is, a line at a time."""


async def interleaved(
    ways: Mapping[str, Callable[[int], Awaitable[Result]]], rounds: int, tell: Told
) -> dict[str, list[Result]]:
    """The results of each way, one a round, by way."""
    found: dict[str, list[Result]] = {way: [] for way in ways}
    for round_ in range(1, rounds + 1):
        for way, run in ways.items():
            tell(f"round {round_} of {rounds}: {way}")
            found[way].append(await run(round_))
    return found
