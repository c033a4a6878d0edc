"""R4: the command API dies in mid request; whoever does not know what became of a command sends it again, and knows."""

import random
from typing import Final

from chaos.figure import Figure, Result
from chaos.killed import killed
from chaos.kills import Killing
from chaos.trial import Trial, trial
from harness.history import Answered
from harness.world import World
from shared_contracts.transport.crashing import CrashPoint

POINTS: Final = (CrashPoint.API_BEFORE_COMMIT, CrashPoint.API_AFTER_COMMIT)
LATEST_SECONDS: Final = 0.015


async def unanswered(trial: Trial) -> int:
    """Requests that have no answer yet."""
    return trial.load.open_requests


async def measure(world: World, n: int, rng: random.Random) -> list[Result]:
    """Kill the command API ``n`` times under load."""
    async with trial(world, "R4", rng) as running:
        killing = Killing(running, "command-api", rng, unanswered, POINTS, LATEST_SECONDS)
        deaths = await killing.kills(n)
        violations = await running.judge(unknowns=True, prompt=True)
        unknown = running.history.unknown()
        answers = running.history.answers
        resolved = sum(answers[command_id][-1].result is not Answered.UNKNOWN for command_id in unknown)
        broken = len({violation.text for violation in violations if violation.check == "V9"})
        proofs = {
            "in flight": deaths.in_flight,
            "unknown": len(unknown),
            "stored before and sent again": running.counting.total("command-api", "innkeep_repeated_total"),
        }
    value = f"{resolved - broken} of {len(unknown)}"
    return [killed(FIGURE, deaths, violations, proofs, value)]


FIGURE: Final = Figure("R4", "API kill -9 in mid request: unknowns resolved by re-send", "all", 100, 5, measure)
