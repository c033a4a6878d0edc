"""R22: simulated seeds without a violation, how many a minute, and whether a seed gives the same trace again.

It needs no server of the world: see ``simulation`` and decision 8.
"""

import asyncio
import random
from typing import Final

from chaos.figure import Figure, Result
from harness.world import World
from simulation.figures import Tally, reproduces, simulated
from simulation.running import Run, Simulation

PER_MINUTE: Final = 2_000
JUDGED_SEEDS: Final = 5_000
"""With fewer, the speed is told and not judged: it would say more of what else the machine does."""
REPEATED: Final = 20
SHOWN: Final = 3


async def measure(world: World, n: int, rng: random.Random) -> list[Result]:
    """Run ``n`` seeds from a random one on, in a thread, and some of them again."""
    first = rng.randrange(1_000_000_000)
    tally = await asyncio.to_thread(simulated, range(first, first + n))
    again = await asyncio.to_thread(_again, first, min(n, REPEATED))
    for run in tally.failed[:SHOWN]:
        world.tell(f"  R22 seed {run.seed}: {run.violations[0]}; again: {run.repeat()}")
    return [_violations(tally, first), speed(tally), again]


def _violations(tally: Tally, first: int) -> Result:
    never = tally.never_happened()
    failed = [f"failed: {run.seed}" for run in tally.failed[:SHOWN]]
    note = "; ".join([f"seeds from {first}", *failed, *never, f"{tally.counts['commands']} commands"])
    met = not tally.failed and not never
    return Result("R22 violations", tally.seeds, f"{len(tally.failed)} seeds", "0", met, note)


def speed(tally: Tally) -> Result:
    """Seeds a minute; of fewer than ``JUDGED_SEEDS`` it is told and not judged."""
    rate = tally.per_minute()
    judged = tally.seeds >= JUDGED_SEEDS
    note = f"one core, {tally.seconds:.0f} s of processor time"
    target = f">= {PER_MINUTE}" if judged else f"not judged below {JUDGED_SEEDS} seeds"
    return Result("R22 seeds a minute", tally.seeds, f"{rate:.0f}", target, rate >= PER_MINUTE or not judged, note)


def _again(first: int, n: int) -> Result:
    """Whether the first seeds give the same traces once more."""
    same = sum(reproduces(run) for run in simulated_runs(first, n))
    return Result("R22 repeated", n, f"{same / n:.0%}", "100 %", same == n)


def simulated_runs(first: int, n: int) -> list[Run]:
    """The runs of some seeds."""
    simulation = Simulation()
    return [simulation.run(seed) for seed in range(first, first + n)]


FIGURE: Final = Figure("R22", "simulated seeds without a violation", "0; >= 2 000 a minute", 10_000, 500, measure)
