"""R10: each command is sent five times at once, to two processes of the API; it has one outcome and one decision."""

import asyncio
import random
from collections.abc import Iterator
from typing import Final

from chaos.figure import Figure, Result
from chaos.killed import SHOWN
from chaos.trial import Trial, trial
from harness.front_office import Order
from harness.history import Answered
from harness.world import World

TIMES: Final = 5
AT_ONCE: Final = 4
SECOND: Final = "command-api-2"


async def measure(world: World, n: int, rng: random.Random) -> list[Result]:
    """``n`` commands; the five sendings of each start together."""
    await world.another("command-api", 2)
    try:
        async with trial(world, "R10", rng, rate=0) as running:
            remaining = iter(range(n))
            async with asyncio.TaskGroup() as group:
                for _ in range(AT_ONCE):
                    group.create_task(_client(running, remaining))
            violations = await running.judge(prompt=True)
            outcomes = {
                key: {(t.status, t.position, t.code) for t in told} for key, told in running.history.told.items()
            }
            repeated = sum(running.counting.total(name, "innkeep_repeated_total") for name in ("command-api", SECOND))
            answers = sum(len(answered) for answered in running.history.answers.values())
    finally:
        world.retire(SECOND)
    most = max((len(told) for told in outcomes.values()), default=0)
    notes = [f"{answers} answers, {repeated} times the command was there before"]
    notes += [str(violation) for violation in violations[:SHOWN]]
    met = most == 1 and not violations and repeated > 0 and answers >= TIMES * n
    return [Result(FIGURE.name, n, str(most), FIGURE.target, met, "; ".join(notes))]


async def _client(running: Trial, remaining: Iterator[int]) -> None:
    for _ in remaining:
        await five_times(running, running.load.next())


async def five_times(running: Trial, order: Order) -> None:
    """Send it five times at once, and each of the five until it is answered and its outcome is told."""
    start = asyncio.Event()
    running.history.invoke(order.id, order.hotel_id, order.task, order.room_type, order.nights)

    async def one(api: str) -> None:
        await start.wait()
        while await running.load.attempt(order, wait=True, api=api) is Answered.UNKNOWN:  # noqa: ASYNC110  # asks
            await asyncio.sleep(running.load.rng.random())

    apis = [("command-api", SECOND)[number % 2] for number in range(TIMES)]
    sending = [asyncio.create_task(one(api)) for api in apis]
    start.set()
    await asyncio.gather(*sending)


FIGURE: Final = Figure("R10", "outcomes of a command sent 5 times at once", "1", 2_000, 100, measure)
