"""Waiting for the first of several things, or for all of them."""

import asyncio
from collections.abc import Awaitable, Iterable


async def wait_for(event: asyncio.Event, seconds: float) -> bool:
    """Wait for the event at most so long; whether it is set."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


async def wait_for_either(first: asyncio.Event, second: asyncio.Event) -> None:
    """Return when either event is set."""
    await wait_for_any(None, first, second)


async def wait_for_any(seconds: float | None, *events: asyncio.Event) -> None:
    """Return when one of the events is set, or after so many seconds."""
    tasks = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


async def wait_for_all(operations: Iterable[Awaitable[None]]) -> None:
    """Return when all have ended, so that nothing still runs when one has failed; raises the first fault then."""
    for fault in await asyncio.gather(*operations, return_exceptions=True):
        if fault is not None:
            raise fault
