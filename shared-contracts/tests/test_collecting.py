"""Garbage in cycles is looked for seldom, and still goes."""

import subprocess
import sys


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
