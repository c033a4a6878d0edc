"""R16: how soon each part does its work again after it was killed and started again, process start included."""

import math
import random
from collections.abc import Sequence
from typing import Final

from chaos.figure import Figure, Result
from harness.world import World

TARGETS: Final = {
    "worker": 2.0,
    "relay": 2.0,
    "command-api": 2.0,
    "projector": 2.0,
    "postgres": 3.0,
    "rabbitmq beyond its start": 5.0,
    "mongodb beyond its start": 5.0,
}
"""Seconds, for 95 % of the recoveries."""
NEEDED: Final = ("worker", "relay", "command-api", "projector")


async def measure(world: World, n: int, rng: random.Random) -> list[Result]:  # noqa: ARG001  # nothing is chosen
    """A line for each part that was killed by the figures before; a part of ours that was not is missed."""
    names = [name for name in TARGETS if name in NEEDED or world.tallies.recoveries.get(name)]
    return [_result(name, world.tallies.recoveries.get(name, [])) for name in names]


def _result(name: str, seconds: Sequence[float]) -> Result:
    target = TARGETS[name]
    label, wanted = f"R16 {name}", f"p95 <= {target:.1f} s"
    if not seconds:
        return Result(label, 0, "never killed", wanted, met=False)
    found = percentile(seconds, 0.95)
    note = f"median {percentile(seconds, 0.5):.2f} s, longest {max(seconds):.2f} s"
    return Result(label, len(seconds), f"{found:.2f} s", wanted, found <= target, note)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of the values does not exceed."""
    return sorted(values)[math.ceil(share * len(values)) - 1]


# Not in the gate: a p95 of a few kills beside other work says more of the machine than of Innkeep.
FIGURE: Final = Figure("R16", "seconds from restart to next success", "p95", 1, None, measure, ("R1", "R2", "R3", "R4"))
