"""Figures R22 and R23: how many seeds ran without a violation and how fast, and how soon each planted bug is caught."""

import gc
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from simulation.planted.catalog import BUGS
from simulation.running import Run, Simulation
from simulation.seams import quietly

SEEDS_A_BUG: Final = 1_500
COLLECT_EVERY: Final = 50
MUST_HAPPEN: Final = {
    "redeliveries": "no message was delivered again",
    "confirms_lost": "no confirm was lost",
    "lock_waits": "no two transactions wanted one row",
    "commits_unknown_worker": "no worker lost its connection during a commit",
    "commits_unknown_api": "no API lost its connection during a commit",
    "kills_worker": "no worker was killed",
    "kills_relay": "no relay was killed",
    "kills_projector": "no projector was killed",
    "kills_api": "no API was killed",
    "kills_at_crash_points": "no process died at a crash point",
    "pauses_at_crash_points": "no process stood still at a crash point",
    "pauses_in_hand": "nobody was paused with something in hand",
    "sessions_expired": "no silent session was ended",
    "queues_lost": "no queue was lost",
    "store_older": "no document store came back older",
    "store_older_under_way": "no document store came back older under a projector's hands",
    "poison_raised": "no poison was met",
    "late_duplicates": "no duplicate came late",
}


@dataclass(slots=True)
class Tally:
    """What some seeds came to, and how long that took."""

    seeds: int = 0
    seconds: float = 0.0
    failed: list[Run] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, run: Run) -> None:
        """Count one run."""
        self.seeds += 1
        self.counts.update(run.counts)
        if run.violations:
            self.failed.append(run)

    def include(self, other: "Tally") -> None:
        """Count the runs of another."""
        self.seeds += other.seeds
        self.seconds += other.seconds
        self.failed += other.failed
        self.counts.update(other.counts)

    def per_minute(self) -> float:
        """Seeds a minute."""
        return 60 * self.seeds / self.seconds if self.seconds else 0.0

    def never_happened(self) -> list[str]:
        """Faults that should have been there, and were not: a run without them proves nothing."""
        return [sentence for name, sentence in MUST_HAPPEN.items() if not self.counts[name]]


@dataclass(frozen=True, slots=True)
class Caught:
    """A planted bug, after how many seeds a run was red for it, and the first violation; none where it never was."""

    bug: str
    seeds: int
    violation: str | None


def simulated(seeds: Iterable[int], told: Callable[[Run], None] = lambda _: None) -> Tally:
    """Run the seeds with the code as it is; ``seconds`` is the processor time of this thread."""
    simulation, tally = Simulation(), Tally()
    started = time.thread_time()
    with quietly():
        for seed in seeds:
            run = simulation.run(seed)
            tally.add(run)
            told(run)
            if tally.seeds % COLLECT_EVERY == 0:
                gc.collect()
    tally.seconds = time.thread_time() - started
    return tally


def caught(bug: str, seeds: Iterable[int]) -> Caught:
    """Run the seeds with the bug planted, until one is red."""
    simulation, tried = Simulation(), 0
    for seed in seeds:
        tried += 1
        run = simulation.run(seed, BUGS[bug])
        if run.violations:
            return Caught(bug, tried, run.violations[0])
    return Caught(bug, tried, None)


def reproduces(run: Run) -> bool:
    """Whether the seed gives the same trace once more."""
    return Simulation().run(run.seed).digest == run.digest
