"""Garbage in cycles is looked for seldom, and still goes."""

import asyncio
import gc
import subprocess
import sys
import weakref

import pytest

from harness.waiting import until
from shared_contracts.transport.collecting import collect_by_the_clock


def test_what_is_loaded_is_left_alone_and_cycles_still_go() -> None:
    program = """
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
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


async def test_old_cycles_go_by_the_clock_though_nothing_new_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    class Node:
        me: "Node"

    monkeypatch.setattr("shared_contracts.transport.collecting.COLLECT_SECONDS", 0.01)
    node = Node()
    node.me = node
    gc.collect()  # it is old now
    gone, stop = weakref.ref(node), asyncio.Event()
    del node
    looking = asyncio.create_task(collect_by_the_clock(stop))
    await until(lambda: gone() is None)
    stop.set()
    await looking
