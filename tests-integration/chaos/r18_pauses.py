"""R18: the active worker, relay or projector is stopped for 30 s, wakes, and does no harm; a second one takes over."""

import asyncio
import random
import time
from typing import Final

from chaos.figure import Figure, Result
from chaos.killed import SHOWN, lost_and_twice
from chaos.kills import BURST, SUCCESS
from chaos.r1_worker import undecided
from chaos.r2_relay import unsent
from chaos.r3_projector import young
from chaos.r16_recovery import percentile
from chaos.trial import Trial, trial
from harness.partitions import taken
from harness.waiting import until
from harness.world import World
from shared_contracts.topology import commands_queue, events_queue, partition_of

PAUSE_SECONDS: Final = 30.0
TAKE_OVER_SECONDS: Final = 15.0
ROLES: Final = ("worker", "relay", "projector")
IN_FLIGHT: Final = {"worker": undecided, "relay": unsent, "projector": young}
BUSY_SECONDS: Final = 20.0
READY: Final = "innkeep_relay_leading"


async def measure(world: World, n: int, rng: random.Random) -> list[Result]:
    """``n`` pauses, of the roles in turn, each with a second process of the role standing by or sharing."""
    took: list[float] = []
    in_flight, violations = 0, []
    for role in ROLES[: min(n, len(ROLES))]:
        await world.another(role)
        try:
            async with trial(world, "R18", rng) as running:
                for _ in range(len(range(ROLES.index(role), n, len(ROLES)))):
                    in_flight += await _pause(running, role, took)
                    world.tell(f"  {role} paused; taken over after {took[-1]:.1f} s")
                violations += await running.judge()
        finally:
            world.retire(f"{role}-2")
            await world.healthy()
    longest = max(took)
    notes = [f"taken over after {percentile(took, 0.5):.1f} s in the middle, in flight {in_flight}"]
    notes += [] if in_flight else ["nothing was under way"]
    notes += [str(violation) for violation in violations[:SHOWN]]
    met = not violations and in_flight > 0 and longest <= TAKE_OVER_SECONDS
    value = f"{lost_and_twice(violations)}; {longest:.1f} s"
    return [Result(FIGURE.name, len(took), value, FIGURE.target, met, "; ".join(notes))]


async def _pause(trial: Trial, role: str, took: list[float]) -> int:
    """Stop the active one while it has work; note when the other has done work of its; how much was under way."""
    world = trial.world
    active, other = await _active(trial, role)
    async with asyncio.timeout(BUSY_SECONDS):
        while True:
            trial.load.burst(BURST)
            await asyncio.sleep(0.02)
            world[active].pause()
            if under_way := await IN_FLIGHT[role](trial):
                break
            world[active].resume()
    trial.history.harm("SIGSTOP", active, under_way)
    began = time.monotonic()
    try:
        await _taken_over(trial, role, other)
        took.append(time.monotonic() - began)
        await asyncio.sleep(max(0.0, began + PAUSE_SECONDS - time.monotonic()))
    finally:
        world[active].resume()
    await asyncio.gather(world[active].ready(), world[other].ready())
    return under_way


async def _active(trial: Trial, role: str) -> tuple[str, str]:
    """Which of the two does the work, or the first where both share it, and the other one."""
    first, second = role, f"{role}-2"
    if role != "relay":
        return first, second
    found: list[str] = []

    async def one_leads() -> bool:
        found[:] = [name for name in (first, second) if (await trial.counting.hear(name)).get(READY)]
        return len(found) == 1

    await until(one_leads)
    return (first, second) if found == [first] else (second, first)


async def _taken_over(trial: Trial, role: str, other: str) -> None:
    """Wait until the other has done something for every hotel of the trial, which the paused one did before or not."""
    if role == "relay":
        before = (await trial.counting.hear(other)).get(SUCCESS[role], 0.0)

        async def sends() -> bool:
            return (await trial.counting.hear(other)).get(SUCCESS[role], 0.0) > before

        return await until(sends, 2 * PAUSE_SECONDS)
    named = commands_queue if role == "worker" else events_queue
    queues = {named(partition_of(hotel)) for hotel in trial.hotels}
    process = trial.world[other]
    was = await taken(trial.world.client, process)

    async def takes_from_all() -> bool:
        now = await taken(trial.world.client, process)
        return all(now.get(queue, 0.0) > was.get(queue, 0.0) for queue in queues)

    await until(takes_from_all, 2 * PAUSE_SECONDS)
    return None


FIGURE: Final = Figure(
    "R18", "SIGSTOP of 30 s: lost / duplicated effects; taken over within", "0 / 0; <= 15 s", 20, 1, measure
)
