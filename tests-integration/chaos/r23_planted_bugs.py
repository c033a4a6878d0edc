"""R23: the checks have teeth: each planted bug turns a simulated run red within a bounded number of seeds."""

import asyncio
import random
from typing import Final

from chaos.figure import Figure, Result
from harness.world import World
from simulation.cores import all_caught_on_all_cores
from simulation.figures import SEEDS_A_BUG
from simulation.planted.catalog import BUGS


async def measure(world: World, n: int, rng: random.Random) -> list[Result]:
    """Plant each bug, ``n`` of them at the least; the seeds are the gate's, for which the code as it is is green."""
    del rng
    found = await asyncio.to_thread(all_caught_on_all_cores)
    for one in found:
        world.tell(f"  R23 {one.bug}: {one.seeds} seeds, {one.violation or 'not caught'}")
    caught = [one for one in found if one.violation is not None]
    missed = ", ".join(one.bug for one in found if one.violation is None)
    slowest = max((one.seeds for one in caught), default=0)
    note = f"not caught: {missed}" if missed else f"the slowest after {slowest} of {SEEDS_A_BUG} seeds"
    met = not missed and len(found) >= n
    return [Result("R23", len(found), f"{len(caught)} / {len(found)}", f"{n} / {n}", met, note)]


FIGURE: Final = Figure("R23", "planted bugs caught", f"{len(BUGS)} / {len(BUGS)}", len(BUGS), len(BUGS), measure)
