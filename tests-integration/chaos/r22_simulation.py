"""R22: simulated seeds without a violation, how many a minute, and whether a seed gives the same trace again.

It needs no server of the world: see ``simulation`` and decision 8.
"""

import asyncio
import os
import random
from collections.abc import Sequence
from typing import Final

from chaos.figure import Figure, Result
from harness.world import World
from simulation.cores import same_in_another_process, simulated_on_all_cores
from simulation.figures import Tally

PER_MINUTE: Final = 2_000
JUDGED_SEEDS: Final = 5_000
"""With fewer, the speed is told and not judged: it would say more of what else the machine does."""
REPEATED: Final = 20
SHOWN: Final = 3


async def measure(world: World, n: int, rng: random.Random) -> list[Result]:
    """Run ``n`` seeds from a random one on, and some of them again."""
    first = rng.randrange(1_000_000_000)
    tally = await asyncio.to_thread(simulated_on_all_cores, range(first, first + n))
    again = await asyncio.to_thread(_again, range(first, first + min(n, REPEATED)))
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
    note = f"{os.cpu_count()} cores, {tally.seconds:.0f} s"
    target = f">= {PER_MINUTE}" if judged else f"not judged below {JUDGED_SEEDS} seeds"
    return Result("R22 seeds a minute", tally.seeds, f"{rate:.0f}", target, rate >= PER_MINUTE or not judged, note)


def _again(seeds: Sequence[int]) -> Result:
    """Whether seeds give the same traces once more, in another process."""
    same = same_in_another_process(seeds)
    return Result("R22 repeated", len(seeds), f"{same / len(seeds):.0%}", "100 %", same == len(seeds))


FIGURE: Final = Figure("R22", "simulated seeds without a violation", "0; >= 2 000 a minute", 10_000, 500, measure)
