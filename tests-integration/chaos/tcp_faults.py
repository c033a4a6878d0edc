"""The faults of a network that are tried between our processes and the servers, each with values of its own choice."""

import random
from collections.abc import Callable
from typing import Final

from harness.network_faults import (
    BlackHole,
    CutAfter,
    CutAt,
    Delay,
    Fault,
    HalfOpen,
    Refuse,
    Reset,
    Slice,
    Slow,
    Way,
)

ACK_FRAME: Final = b"\x00\x3c\x00\x50"
"""basic.ack: class 60, method 80. Consumers say it, and so does the broker when it confirms."""
PATTERNS: Final = {"postgres": (b"COMMIT", Way.UP), "rabbitmq": (ACK_FRAME, None), "mongodb": (b"update", Way.UP)}
CUTS: Final = 3
SILENT: Final = frozenset({"black hole", "half open"})

Make = Callable[[random.Random, str], Fault]


def cut_at(rng: random.Random, server: str) -> CutAt:
    """Cut where something is made final: before it is, or so that its answer is lost."""
    pattern, way = PATTERNS[server]
    on = way or rng.choice(list(Way))
    return CutAt(pattern, on, forwarded=on is Way.UP and rng.random() < 0.5, times=CUTS)


FAULTS: Final[dict[str, Make]] = {
    "delay": lambda rng, _: Delay(rng.uniform(0.02, 0.2), rng.uniform(0.0, 0.3)),
    "slow": lambda rng, _: Slow(rng.choice([1_000, 5_000, 20_000])),
    "slice": lambda rng, _: Slice(rng.choice([1, 3, 50])),
    "cut after": lambda rng, _: CutAfter(rng.choice([1, 100, 3_000, 20_000]), rng.choice(list(Way))),
    "cut at": cut_at,
    "reset": lambda _rng, _: Reset(),
    "black hole": lambda _rng, _: BlackHole(),
    "half open": lambda rng, _: HalfOpen(rng.choice(list(Way))),
    "refuse": lambda _rng, _: Refuse(),
}
