"""R26: everything is lost but a backup, and comes back; the read model is the fold of what the backup held."""

import random
from typing import Final

from chaos.figure import Figure, Result
from chaos.killed import SHOWN
from drill.rehearsing import rehearse
from harness.world import World

TARGET_SECONDS: Final = 600.0


async def measure(world: World, n: int, rng: random.Random) -> list[Result]:
    """Rehearse after ``n`` commands."""
    done = await rehearse(world, n, rng)
    steps = ", ".join(f"{step} {seconds:.1f} s" for step, seconds in done.seconds.items())
    value = f"{done.way_back:.0f} s, diff {len(done.wrong)}"
    met = done.way_back <= TARGET_SECONDS and not done.wrong
    notes = [done.counted, done.cost, steps, *done.wrong[:SHOWN]]
    return [Result(FIGURE.name, n, value, FIGURE.target, met, "; ".join(notes))]


FIGURE: Final = Figure("R26", "backup to equal read model", "<= 600 s, diff 0", 5_000, None, measure)
