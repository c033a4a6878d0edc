"""Garbage in cycles is looked for seldom, and still goes."""

import ctypes
import subprocess
import sys

import pytest

COUNTED = """
import gc, weakref
from shared_contracts.transport.collecting import YOUNG_OBJECTS, collect_seldom
collect_seldom()
assert gc.get_threshold()[0] == YOUNG_OBJECTS and gc.get_freeze_count() > 1_000
class Node: pass
node = Node(); node.me = node
gone = weakref.ref(node); del node
kept = [[] for _ in range(2 * YOUNG_OBJECTS)]
assert gone() is None
"""
BY_THE_CLOCK = """
import asyncio, gc, weakref
from shared_contracts.transport import collecting, process
from starlette.applications import Starlette
collecting.COLLECT_SECONDS = 0.05
class Node: pass
async def idle(stop):
    node = Node(); node.me = node
    gc.collect()  # it is old now
    gone = weakref.ref(node); del node
    async with asyncio.timeout(5):
        while gone() is not None:
            await asyncio.sleep(0.01)
asyncio.run(process.run(Starlette(), "127.0.0.1", 0, asyncio.Event(), idle))
"""
GIVEN_BACK = """
import asyncio, resource
from pathlib import Path
from shared_contracts.transport import collecting, process
from starlette.applications import Starlette
collecting.COLLECT_SECONDS = 0.05
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
async def idle(stop):
    many = [bytes(2_000) for _ in range(50_000)]
    last = many.pop()  # what lies before it cannot go by itself
    most = resident()
    many.clear()
    async with asyncio.timeout(5):
        while resident() > most - 80_000_000:
            await asyncio.sleep(0.01)
asyncio.run(process.run(Starlette(), "127.0.0.1", 0, asyncio.Event(), idle))
"""


def _ends_well(program: str) -> bool:
    return subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_what_is_loaded_is_left_alone_and_cycles_still_go() -> None:
    assert _ends_well(COUNTED)


def test_old_cycles_go_by_the_clock_in_every_process_though_nothing_new_is_made() -> None:
    assert _ends_well(BY_THE_CLOCK)


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="this C library keeps what is free")
def test_memory_that_is_free_between_things_that_stay_goes_back_to_the_system() -> None:
    assert _ends_well(GIVEN_BACK)
