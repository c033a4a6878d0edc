"""R15: PostgreSQL is away for some seconds; whoever sends meanwhile hears 503, and nothing is half done."""

import random
from collections import Counter
from typing import Final

from chaos.figure import Figure, Result
from chaos.killed import SHOWN
from chaos.looks import Looks
from chaos.outages import outage
from chaos.trial import trial
from harness.world import World

SECONDS: Final = 5.0
UNAVAILABLE: Final = 503


async def measure(world: World, n: int, rng: random.Random) -> list[Result]:
    """``n`` outages, each begun under load and made up for before the next."""
    told: Counter[int] = Counter()
    async with trial(world, "R15", rng) as running:
        for _ in range(n):
            running.load.burst(6)
            seconds = SECONDS if n > 1 else SECONDS / 2
            gone = await outage(running, "postgres", seconds, Looks(running), told=UNAVAILABLE)
            told += gone.turned_away
        violations = await running.judge(unknowns=True)
    wrong = sum(count for status, count in told.items() if status >= 500 and status != UNAVAILABLE)
    notes = [f"answered 503 {told[UNAVAILABLE]} times, no answer in time {told[0]} times"]
    notes += [] if told[UNAVAILABLE] else ["nobody was turned away: was it down?"]
    notes += [f"other statuses {dict(told)}"] if wrong else []
    notes += [str(violation) for violation in violations[:SHOWN]]
    met = not wrong and not violations and told[UNAVAILABLE] > 0
    return [Result(FIGURE.name, n, f"{wrong}; {len(violations)}", FIGURE.target, met, "; ".join(notes))]


FIGURE: Final = Figure("R15", "PostgreSQL away: 5xx that are no 503; half effects", "0; 0", 10, 1, measure)
