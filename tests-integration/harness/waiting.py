"""Waiting for a condition, with a deadline and never for a fixed time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

SOON: Final = 15.0
POLL_SECONDS: Final = 0.01


async def until(condition: Callable[[], Awaitable[bool] | bool], seconds: float = SOON) -> None:
    """Return once the condition holds; ``TimeoutError`` where it does not within so many seconds."""
    async with asyncio.timeout(seconds):
        while True:
            holds = condition()
            if holds if isinstance(holds, bool) else await holds:
                return
            await asyncio.sleep(POLL_SECONDS)
