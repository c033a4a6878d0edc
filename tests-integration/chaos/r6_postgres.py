"""R6: PostgreSQL dies under traffic again and again, also in mid commit; what it has acknowledged is there."""

import random
from typing import Final

from chaos.figure import Figure, Result
from chaos.killed import killed
from chaos.looks import Looks
from chaos.r4_api import unanswered
from chaos.r5_broker import in_hands
from chaos.server_kills import ServerKilling, came_twice
from chaos.trial import trial
from harness.world import World

LATEST_SECONDS: Final = 0.03
MANY: Final = 20
"""A few kills may all come between two commits of a worker; so many do not."""


async def measure(world: World, n: int, rng: random.Random) -> list[Result]:
    """Kill PostgreSQL ``n`` times under load, in turn while the API waits for it and while commands are undecided."""
    async with trial(world, "R6", rng) as running:
        killing = ServerKilling(running, "postgres", rng, [unanswered, in_hands], Looks(running), LATEST_SECONDS)
        deaths = await killing.kills(n)
        violations = await running.judge(unknowns=True)
        again = sum(came_twice(running).values())
        again += running.counting.total("worker", "innkeep_database_retries_total")
        running.world.tell(f"  {again} came or were tried again")
        proofs = {"in flight": deaths.in_flight, "unknown, so sent again": len(running.history.unknown())}
        if n >= MANY:
            proofs["came or were tried again"] = again
    return [killed(FIGURE, deaths, violations, proofs)]


FIGURE: Final = Figure("R6", "PostgreSQL kill -9: lost / duplicated effects", "0 / 0", 100, 5, measure)
