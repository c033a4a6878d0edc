"""R5: the broker dies under traffic, once with all that it held; no command that was acknowledged is lost."""

import asyncio
import random
import shutil
from typing import Final

from chaos.figure import Figure, Result
from chaos.killed import killed
from chaos.looks import Looks
from chaos.server_kills import ServerKilling, came_twice
from chaos.trial import Trial, trial
from harness.pair import migrate
from harness.world import World

IN_HANDS: Final = """
SELECT count(*) FROM command c WHERE c.hotel_id = ANY ($1::text[])
AND NOT EXISTS (SELECT FROM outcome o WHERE o.command_id = c.id)
AND NOT EXISTS (SELECT FROM command_outbox o WHERE o.command_id = c.id)
"""


async def in_hands(trial: Trial) -> int:
    """Commands that the broker has confirmed, and that have no outcome."""
    async with trial.world.database() as database:
        return int(await database.fetchval(IN_HANDS, trial.hotels))


async def measure(world: World, n: int, rng: random.Random) -> list[Result]:
    """Kill the broker ``n`` times under load; the last of several times it comes back without anything."""
    async with trial(world, "R5", rng) as running:
        killing = ServerKilling(running, "rabbitmq", rng, [in_hands], Looks(running))
        deaths = await killing.kills(n - 1 if n > 1 else n)
        if n > 1:
            await killing.once(deaths, lambda: come_back_empty(world))
        violations = await running.judge()
        proofs = {"in flight": deaths.in_flight, "came again": sum(came_twice(running).values())}
    return [killed(FIGURE, deaths, violations, proofs)]


async def come_back_empty(world: World) -> None:
    """A fresh node in the place of the dead one, with the topology that a deployment declares, and no message."""
    server = world.servers["rabbitmq"]
    shutil.rmtree(server.directory / "mnesia")
    await world.start_server("rabbitmq")
    await asyncio.to_thread(migrate, "command-service", world.pair.environment)


FIGURE: Final = Figure("R5", "broker kill -9: lost / duplicated effects", "0 / 0", 20, 3, measure)
