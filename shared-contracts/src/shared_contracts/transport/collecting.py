"""How often a process looks for garbage in cycles: seldom, since a batch makes many objects and hardly any cycle."""

import asyncio
import ctypes
import gc
from collections.abc import Callable
from typing import Any, Final

from shared_contracts.transport.waiting import wait_for

YOUNG_OBJECTS: Final = 50_000
YOUNG_ROUNDS: Final = 20
OLD_ROUNDS: Final = 20
COLLECT_SECONDS: Final = 60


def collect_seldom() -> None:
    """Never look again at what has been loaded by now, and at the rest only after so many new objects.

    The interpreter's own setting, 700 objects, walked through the batches in hand again and again: half of the relay's
    processor time, and a third of the projector's (decision 9).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, YOUNG_ROUNDS, OLD_ROUNDS)


async def collect_by_the_clock(stop: asyncio.Event) -> None:
    """Look at everything each ``COLLECT_SECONDS`` until ``stop``, and let the system have the pages that are free.

    What a lost connection leaves behind are cycles that have grown old, and a quiet process makes too few new objects
    to be rid of them by counting; a look at what is not frozen takes some milliseconds. What was freed between things
    that stay the C library keeps, and each outage would leave some more of that.
    """
    give_back = _give_back()
    while not await wait_for(stop, COLLECT_SECONDS):
        gc.collect()
        give_back(0)


def _give_back() -> Callable[[int], Any]:
    """What glibc offers for it (malloc_trim(3)); elsewhere nothing is done."""
    return getattr(ctypes.CDLL(None), "malloc_trim", lambda _: 0)
