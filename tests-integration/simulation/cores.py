"""Seeds on every core at once, in a process a core: one seed knows nothing of another."""

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Final

from simulation.figures import SEEDS_A_BUG, Caught, Tally, caught, simulated
from simulation.planted.catalog import BUGS
from simulation.running import Simulation

SEEDS_A_PART: Final = 25


def simulated_on_all_cores(seeds: Sequence[int]) -> Tally:
    """Run the seeds with the code as it is; ``seconds`` are those that passed meanwhile."""
    parts = [seeds[start : start + SEEDS_A_PART] for start in range(0, len(seeds), SEEDS_A_PART)]
    whole, started = Tally(), time.monotonic()
    with _cores() as cores:
        for part in cores.map(simulated, parts):
            whole.include(part)
    whole.seconds = time.monotonic() - started
    return whole


def all_caught_on_all_cores() -> list[Caught]:
    """Every planted bug, each with the same seeds from zero."""
    with _cores() as cores:
        return list(cores.map(caught, BUGS, [range(SEEDS_A_BUG)] * len(BUGS)))


def same_in_another_process(seeds: Sequence[int]) -> int:
    """How many of the seeds give the same trace in this process and in another one."""
    with _cores() as cores:
        elsewhere = list(cores.map(digest, seeds))
    return sum(digest(seed) == other for seed, other in zip(seeds, elsewhere, strict=True))


def digest(seed: int) -> str:
    """The digest of a seed's trace."""
    return Simulation().run(seed).digest


@contextmanager
def _cores() -> Iterator[ProcessPoolExecutor]:
    """Processes that share nothing with this one, whatever runs in it."""
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as cores:
        yield cores
