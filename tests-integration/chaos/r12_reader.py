"""R12: whatever broke, no reader saw a position go back, nor a stream with a gap; summed over the other figures."""

import random
from typing import Final

from chaos.figure import Figure, Result
from chaos.killed import SHOWN
from harness.world import World

ENOUGH_LOOKS: Final = 1_000


async def measure(world: World, n: int, rng: random.Random) -> list[Result]:  # noqa: ARG001  # nothing is chosen
    """``n`` in the result is how often the readers of the other figures looked."""
    looks, wrong = world.tallies.looks, world.tallies.went_back
    notes = wrong[:SHOWN] if looks >= ENOUGH_LOOKS else [f"{looks} looks are too few", *wrong[:SHOWN]]
    met = looks >= ENOUGH_LOOKS and not wrong
    return [Result(FIGURE.name, looks, str(len(wrong)), FIGURE.target, met, "; ".join(notes))]


FIGURE: Final = Figure("R12", "positions that a reader saw go back", "0", 1, 1, measure, ("R1", "R2", "R3", "R4"))
