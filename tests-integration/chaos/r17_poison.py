"""R17: many messages cannot be read; all good ones are done, all bad ones are parked, and no process dies of it."""

import asyncio
import random
from collections.abc import Iterator
from typing import Final

from chaos.figure import Figure, Result
from chaos.killed import SHOWN
from chaos.poison import Poison
from chaos.trial import Trial, trial
from harness.front_office import Order
from harness.world import World

CLIENTS: Final = 16
GOOD_PER_BAD: Final = 10
HANDFUL: Final = 10


async def measure(world: World, n: int, rng: random.Random) -> list[Result]:
    """``n`` bad messages, half of them among the commands and half among the events, and ten times as many good."""
    before = {name: process.pid for name, process in world.pair.processes.items()}
    async with trial(world, "R17", rng, rate=0) as running:
        good = n * GOOD_PER_BAD
        planting = asyncio.create_task(_plant(running, Poison(world, rng), n, good))
        await running.load.closed(_orders(running, good), CLIENTS)
        await planting
        violations = await running.judge(prompt=True)
        evidence = await running.evidence()
    done = sum(outcome.status != "failed" for outcome in evidence.outcomes.values()) - len(running.hotels)
    parked = len(evidence.parked.bodies) + len(evidence.parked.messages)
    planted = len(evidence.planted.bodies) + len(evidence.planted.messages)
    restarts = sum(
        process.exit_code is not None or process.pid != before[name] for name, process in world.pair.processes.items()
    )
    value = f"{done} of {good}; {parked} of {planted}; {restarts}"
    met = done == good and not violations and not restarts
    return [Result(FIGURE.name, n, value, FIGURE.target, met, "; ".join(map(str, violations[:SHOWN])))]


def _orders(running: Trial, count: int) -> Iterator[Order]:
    for _ in range(count):
        yield running.load.next()


async def _plant(running: Trial, poison: Poison, bad: int, good: int) -> None:
    """Spread the bad over the time that the good take."""
    planted = 0
    while planted < bad:
        sent = len(running.history.invokes) - len(running.hotels)
        if sent * bad >= planted * good:
            handful = min(HANDFUL, bad - planted)
            await poison.plant_commands(running.hotels, handful // 2)
            await poison.plant_events(running.hotels, handful - handful // 2)
            planted += handful
        await asyncio.sleep(0.01)


FIGURE: Final = Figure("R17", "poison: good done; bad parked; restarts", "all; all; 0", 500, 50, measure)
