"""R1: the worker dies again and again, half of the times in mid step; nothing is lost, and nothing happens twice."""

import random
from typing import Final

from chaos.figure import Figure, Result
from chaos.killed import killed
from chaos.kills import Killing
from chaos.trial import Trial, trial
from harness.world import World
from shared_contracts.transport.crashing import CrashPoint

POINTS: Final = (
    CrashPoint.WORKER_AFTER_RECEIVE,
    CrashPoint.WORKER_AFTER_LOAD,
    CrashPoint.WORKER_BEFORE_COMMIT,
    CrashPoint.WORKER_AFTER_COMMIT,
)
UNDECIDED: Final = """
SELECT count(*) FROM command c WHERE c.hotel_id = ANY ($1::text[])
AND NOT EXISTS (SELECT FROM outcome o WHERE o.command_id = c.id)
"""


async def undecided(trial: Trial) -> int:
    """Commands that are accepted and have no outcome."""
    async with trial.world.database() as database:
        return int(await database.fetchval(UNDECIDED, trial.hotels))


async def measure(world: World, n: int, rng: random.Random) -> list[Result]:
    """Kill the worker ``n`` times under load."""
    async with trial(world, "R1", rng) as running:
        deaths = await Killing(running, "worker", rng, undecided, POINTS).kills(n)
        violations = await running.judge(prompt=True)
        proofs = {
            "in flight": deaths.in_flight,
            "redelivered": running.counting.total("worker", "innkeep_redelivered_total"),
            "duplicates dropped": running.counting.total("worker", "innkeep_repeated_commands_total"),
        }
    return [killed(FIGURE, deaths, violations, proofs)]


FIGURE: Final = Figure("R1", "worker kill -9: lost / duplicated effects", "0 / 0", 300, 9, measure)
