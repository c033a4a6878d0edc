"""R2: the relay dies again and again, half of the times in mid step; all is sent, and what comes twice counts once."""

import random
from typing import Final

from chaos.figure import Figure, Result
from chaos.killed import killed
from chaos.kills import Killing
from chaos.trial import Trial, trial
from harness.settling import OUTBOXES
from harness.world import World
from shared_contracts.transport.crashing import CrashPoint

POINTS: Final = (
    CrashPoint.RELAY_AFTER_SELECT,
    CrashPoint.RELAY_AFTER_PUBLISH,
    CrashPoint.RELAY_AFTER_CONFIRM,
    CrashPoint.RELAY_AFTER_MARK,
)


async def unsent(trial: Trial) -> int:
    """Rows in the outboxes."""
    async with trial.world.database() as database:
        return int(await database.fetchval(OUTBOXES))


async def measure(world: World, n: int, rng: random.Random) -> list[Result]:
    """Kill the relay ``n`` times under load."""
    async with trial(world, "R2", rng) as running:
        deaths = await Killing(running, "relay", rng, unsent, POINTS).kills(n)
        violations = await running.judge(prompt=True)
        counting = running.counting
        commands = counting.total("worker", "innkeep_repeated_commands_total")
        events = counting.total("projector", "innkeep_repeated_events_total")
        proofs = {"in flight": deaths.in_flight, "duplicates dropped": commands + events}
    return [killed(FIGURE, deaths, violations, proofs)]


FIGURE: Final = Figure("R2", "relay kill -9: lost / duplicated effects", "0 / 0", 200, 9, measure)
