"""``python -m benchmarks.peers NAME enqueue|work COUNT SEED``: a peer's own program; its servers by environment.

``enqueue`` queues the commands and prints the seconds that it took; ``work`` decides until killed.
"""

import json
import os
import sys
from importlib import import_module

from benchmarks.peers.place import Place
from benchmarks.peers.work import commands

if __name__ == "__main__":
    name, what, count, seed = sys.argv[1:]
    peer = import_module(f"benchmarks.peers.with_{name}")
    place = Place(*(os.environ[variable] for variable in ("PEER_POSTGRES", "PEER_BROKER", "PEER_QUEUE")))
    chosen = list(commands(int(count), int(seed)))
    if what == "enqueue":
        print(json.dumps(peer.enqueue(place, chosen)))
    else:
        peer.work(place, chosen)
