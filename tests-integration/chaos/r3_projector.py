"""R3: the projector dies again and again, half of the times in mid step; no document is wrong."""

import random
from typing import Final

from chaos.figure import Figure, Result
from chaos.killed import killed
from chaos.kills import Killing
from chaos.trial import Trial, trial
from harness.world import World
from shared_contracts.transport.crashing import CrashPoint

POINTS: Final = (
    CrashPoint.PROJECTOR_AFTER_RECEIVE,
    CrashPoint.PROJECTOR_BETWEEN_DOCUMENTS,
    CrashPoint.PROJECTOR_AFTER_DOCUMENTS,
    CrashPoint.PROJECTOR_AFTER_CHECKPOINT,
)
YOUNG: Final = """
SELECT count(*) FROM event WHERE hotel_id = ANY ($1::text[]) AND recorded_at > clock_timestamp() - interval '100 ms'
"""


async def young(trial: Trial) -> int:
    """Events of the last tenth of a second, which are on their way; that they were in hand, redeliveries prove."""
    async with trial.world.database() as database:
        return int(await database.fetchval(YOUNG, trial.hotels))


async def measure(world: World, n: int, rng: random.Random) -> list[Result]:
    """Kill the projector ``n`` times under load."""
    async with trial(world, "R3", rng) as running:
        deaths = await Killing(running, "projector", rng, young, POINTS).kills(n)
        violations = await running.judge(prompt=True)
        proofs = {
            "young events": deaths.in_flight,
            "redelivered": running.counting.total("projector", "innkeep_redelivered_total"),
        }
    return [killed(FIGURE, deaths, violations, proofs, str(len(violations)))]


FIGURE: Final = Figure("R3", "projector kill -9: documents wrong", "0", 200, 9, measure)
