"""Killing one of the servers again and again under traffic; started again on its data, at once or after a while."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from chaos.kills import BURST, SUCCESS, TELL_EVERY, Deaths, InFlight
from chaos.looks import Looks
from chaos.trial import Trial
from harness.waiting import until

LATEST_SECONDS: Final = 0.06
RECOVERY_SECONDS: Final = 60.0
BUSY_SECONDS: Final = 10.0
PACE_SECONDS: Final = 2.0
WORKS_AGAIN: Final = {"postgres": "command-api", "rabbitmq": "worker", "mongodb": "projector"}
"""The process whose next success says that the server serves again: all that comes before it works as well then."""

Between = Callable[[], Awaitable[None]]
"""What is done to the server while it is down."""


async def nothing() -> None:
    """Leave it as it died."""


@dataclass(frozen=True, slots=True)
class ServerKilling:
    """Kills ``server`` of a trial up to ``latest`` seconds after several commands were sent at once.

    ``in_flight``: what is to be under way then, in turn.
    """

    trial: Trial
    server: str
    rng: random.Random
    in_flight: Sequence[InFlight]
    looks: Looks
    latest: float = LATEST_SECONDS

    async def kills(self, count: int) -> Deaths:
        """Kill it so often; what needs it works again when this returns."""
        deaths = Deaths()
        for number in range(count):
            began = time.monotonic()
            await self.once(deaths)
            if (number + 1) % TELL_EVERY == 0:
                self.trial.world.tell(f"  {self.server} killed {number + 1} times")
            if number + 1 < count:
                await asyncio.sleep(max(0.0, began + PACE_SECONDS - time.monotonic()) * self.rng.random())
        return deaths

    async def once(self, deaths: Deaths, between: Between = nothing) -> float:
        """Kill it while it has work, do something, start it; the seconds from its start until all works."""
        await self._kill(deaths)
        await between()
        world, began = self.trial.world, time.monotonic()
        before = await successes(self.trial, self.server)
        started = await world.start_server(self.server)
        await works_again(self.trial, self.server, before)
        took = time.monotonic() - began
        world.tallies.recoveries[self.server].append(took)
        world.tallies.recoveries[f"{self.server} beyond its start"].append(took - started)
        return took

    async def _kill(self, deaths: Deaths) -> None:
        """Kill it a moment after several commands were sent, once there is work under way."""
        in_flight = self.in_flight[deaths.kills % len(self.in_flight)]
        async with asyncio.timeout(BUSY_SECONDS):
            while True:
                self.trial.load.burst(BURST)
                await asyncio.sleep(self.rng.uniform(0.0, self.latest))
                if under_way := await in_flight(self.trial):
                    break
        deaths.kills += 1
        deaths.in_flight += under_way
        self.trial.history.harm("kill -9", self.server, under_way)
        await self.trial.world.kill_server(self.server)
        if self.server == "mongodb":
            self.looks.begin_again()


async def successes(trial: Trial, server: str) -> float:
    """What the process whose success counts has done so far."""
    role = WORKS_AGAIN[server]
    counts = await trial.counting.hear(role)
    return counts.get(SUCCESS[role], 0.0)


async def works_again(trial: Trial, server: str, before: float, seconds: float = RECOVERY_SECONDS) -> None:
    """Wait until more has been done than ``before``; ``TimeoutError`` says of whom."""

    async def more() -> bool:
        return await successes(trial, server) > before

    try:
        await until(more, seconds)
    except TimeoutError:
        raise TimeoutError(f"{seconds:.0f} s after {server} was there again, {WORKS_AGAIN[server]} stands") from None


def came_twice(trial: Trial) -> Mapping[str, int]:
    """What was delivered again, and dropped since it was known; metrics die with their process, so it is a minimum."""
    counting = trial.counting
    again = counting.total("worker", "innkeep_redelivered_total")
    again += counting.total("projector", "innkeep_redelivered_total")
    return {"redelivered": again, "dropped": counting.total("worker", "innkeep_repeated_commands_total")}
