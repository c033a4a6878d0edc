"""``python -m simulation --seeds 10000 --seed 0``: run seeds, say which fail and how to see them fail again.

The exit status is 1 where one failed, or where a fault that should have been there never was.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import Final

from simulation.cores import all_caught_on_all_cores
from simulation.figures import SEEDS_A_BUG, Tally, simulated
from simulation.planted.catalog import BUGS
from simulation.running import Run, Simulation

ENOUGH: Final = 200
"""So many seeds must have met every kind of fault."""
SHOWN: Final = 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the arguments say; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1_000, help="how many")
    parser.add_argument("--seed", type=int, default=0, help="the first")
    parser.add_argument("--trace", action="store_true", help="print what happened in each run, and its digest")
    parser.add_argument("--bug", choices=sorted(BUGS), help="plant this bug")
    parser.add_argument(
        "--bugs", action="store_true", help="plant every bug, and say after how many seeds it is caught"
    )
    chosen = parser.parse_args(arguments)
    if chosen.bugs:
        return _bugs()
    seeds = range(chosen.seed, chosen.seed + chosen.seeds)
    if chosen.trace or chosen.bug:
        return _one_by_one(seeds, chosen.bug, trace=chosen.trace)
    return _summary(simulated(seeds, _tell))


def _one_by_one(seeds: Sequence[int], bug: str | None, *, trace: bool) -> int:
    simulation, red = Simulation(), 0
    for seed in seeds:
        run = simulation.run(seed, BUGS[bug] if bug else None)
        if trace:
            print("\n".join(run.lines))
            print(f"seed {seed}: digest {run.digest}, {run.counts['steps']} steps, {run.seconds:.1f} s")
        _tell(run, bug or "")
        red += bool(run.violations)
    print(f"{len(seeds)} seeds, {red} with violations")
    return 1 if red else 0


def _tell(run: Run, bug: str = "") -> None:
    if run.violations:
        print(f"seed {run.seed}: {run.violations[0]}", *run.violations[1:SHOWN], sep="\n    ")
        print(f"    again: {run.repeat(bug)}")


def _summary(tally: Tally) -> int:
    never = tally.never_happened() if tally.seeds >= ENOUGH else []
    for name, count in sorted(tally.counts.items()):
        print(f"{count:>10} {name}")
    for sentence in never:
        print(f"red: {sentence}")
    print(f"{tally.seeds} seeds, {len(tally.failed)} with violations, {tally.per_minute():.0f} seeds a minute")
    return 1 if tally.failed or never else 0


def _bugs() -> int:
    found = all_caught_on_all_cores()
    for one in found:
        print(f"{one.bug:<32} {one.seeds:>4} seeds  {(one.violation or 'NOT CAUGHT')[:100]}")
    missed = [one.bug for one in found if one.violation is None]
    print(f"{len(found) - len(missed)} of {len(found)} caught within {SEEDS_A_BUG} seeds")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
