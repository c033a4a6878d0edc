"""Killing one role again and again: by the clock, or at a named point of its own code; started again at once."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from signal import SIGKILL
from typing import Final

from chaos.trial import Trial
from harness.waiting import until
from shared_contracts.transport.crashing import CrashPoint

PACE_SECONDS: Final = 1.0
BURST: Final = 6
LATEST_KILL_SECONDS: Final = 0.06
CRASH_SECONDS: Final = 20.0
RECOVERY_SECONDS: Final = 30.0
TELL_EVERY: Final = 20
HITS: Final = (1, 1, 2, 3)
SOON_AGAIN: Final = 0.2
"""How many of the kills hit a process that has just been started again."""

InFlight = Callable[[Trial], Awaitable[int]]
"""How many operations of the role are under way now."""
SUCCESS: Final = {
    "worker": "innkeep_decided_total",
    "relay": "innkeep_published_total",
    "projector": "innkeep_projected_events_total",
    "command-api": "innkeep_accepted_total",
}


@dataclass(slots=True)
class Deaths:
    """What the kills hit: how often, how often in mid step, and how many operations were under way."""

    kills: int = 0
    at_points: int = 0
    in_flight: int = 0


@dataclass(frozen=True, slots=True)
class Killing:
    """Kills ``role`` of a trial; half of the kills at ``points``, where there are any.

    A kill by the clock comes up to ``latest`` seconds after several commands were sent at once.
    """

    trial: Trial
    role: str
    rng: random.Random
    in_flight: InFlight
    points: Sequence[CrashPoint] = ()
    latest: float = LATEST_KILL_SECONDS

    async def kills(self, count: int) -> Deaths:
        """Kill it so often, and start it again at once each time; it works again when this returns."""
        deaths, world = Deaths(), self.trial.world
        deaths_to_come = self._deck(count)
        for number, point in enumerate(deaths_to_come):
            began = time.monotonic()
            await (self._dies_by_itself() if point else self._kill(deaths))
            deaths.kills += 1
            deaths.at_points += point is not None
            last = number + 1 == count
            following = None if last else deaths_to_come[number + 1]
            world.start(self.role, following, self.rng.choice(HITS))
            if deaths.kills % TELL_EVERY == 0:
                world.tell(f"  {self.role} killed {deaths.kills} times")
            if following or (self.rng.random() < SOON_AGAIN and not last):
                continue
            world.tallies.recoveries[self.role].append(await recovered(self.trial, self.role))
            await asyncio.sleep(max(0.0, began + PACE_SECONDS - time.monotonic()) * self.rng.random())
        return deaths

    def _deck(self, count: int) -> list[CrashPoint | None]:
        """How it dies each time: the first time by the clock, then in shuffled rounds of which half are points."""
        deck: list[CrashPoint | None] = [None]
        while len(deck) < count:
            round_ = [*self.points, *[None] * max(1, len(self.points))]
            self.rng.shuffle(round_)
            deck += round_
        return deck[:count]

    async def _kill(self, deaths: Deaths) -> None:
        """Kill it a moment after several commands were sent at once, so that work is under way."""
        self.trial.load.burst(BURST)
        await asyncio.sleep(self.rng.uniform(0.0, self.latest))
        process = self.trial.world[self.role]
        await self.trial.counting.hear(self.role)
        process.pause()
        under_way = await self.in_flight(self.trial)
        deaths.in_flight += under_way
        self.trial.history.harm("kill -9", self.role, under_way)
        process.kill()

    async def _dies_by_itself(self) -> None:
        """Wait for it to come by where it is armed to die."""
        process = self.trial.world[self.role]
        try:
            await until(lambda: process.exit_code is not None, CRASH_SECONDS)
        except TimeoutError:
            raise TimeoutError(f"{self.role} never came by where it was to die: {process.environment}") from None
        if process.exit_code != -SIGKILL:
            raise RuntimeError(f"{self.role} ended with {process.exit_code}, see {process.log}")
        self.trial.history.harm("crash point", self.role, 1)


async def recovered(trial: Trial, role: str) -> float:
    """Wait until the role, just started, has done something; the seconds since it was started."""
    started = time.monotonic()
    name = SUCCESS[role]

    async def works() -> bool:
        return (await trial.counting.hear(role)).get(name, 0.0) > 0

    await until(works, RECOVERY_SECONDS)
    return time.monotonic() - started
