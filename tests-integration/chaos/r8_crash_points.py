"""R8: every named crash point is hit, the 1st, 2nd and 7th time that it is passed by; and no promise breaks with it."""

import asyncio
import random
from collections.abc import Mapping
from signal import SIGKILL
from typing import Final

from chaos.figure import Figure, Result
from chaos.killed import SHOWN, lost_and_twice
from chaos.migration import dies_while_migrating
from chaos.poison import Poison
from chaos.rebuild import dies_while_rebuilding
from chaos.trial import Trial, trial
from harness.front_office import next_order
from harness.waiting import until
from harness.world import World
from shared_contracts.transport.crashing import CrashPoint

BURST: Final = 8
DEATH_SECONDS: Final = 30.0
CATCH_UP_SECONDS: Final = 120.0
POINTS: Final = tuple(CrashPoint)
ROLES: Final = {
    "api": "command-api",
    "relay": "relay",
    "worker": "worker",
    "projector": "projector",
    "rebuild": "rebuild",
    "migration": "migration",
}
HITS: Final = (1, 2, 7)
FEWER_HITS: Final[Mapping[CrashPoint, tuple[int, ...]]] = {
    CrashPoint.MIGRATION_BETWEEN_STATEMENTS: (1,),
    CrashPoint.REBUILD_BEFORE_SWITCH: (1,),
    CrashPoint.REBUILD_AFTER_SWITCH: (1, 2),
}
"""Points that one run of their command passes by less often."""


async def measure(world: World, n: int, rng: random.Random) -> list[Result]:
    """As many hits of each point as ``n`` makes for each; a point that is not hit is red."""
    each = max(1, n // len(POINTS))
    sweep = [(point, hit) for point in POINTS for hit in FEWER_HITS.get(point, HITS)[:each]]
    missed: list[str] = []
    found: list[str] = []
    values = []
    for role in dict.fromkeys(role_of(point) for point, _ in sweep):
        own = [(point, hit) for point, hit in sweep if role_of(point) == role]
        async with trial(world, "R8", rng) as running:
            told = [await _dies(running, point, hit, rng) for point, hit in own]
            violations = await running.judge(prompt=True)
        missed += [one for one in told if one]
        found += [f"{role}: {violation}" for violation in violations]
        values += violations
        world.tell(f"  {role}: {len(own)} deaths")
    value = f"{len(sweep) - len(missed)} of {len(sweep)}, {lost_and_twice(values)}"
    note = "; ".join([*missed, *found[:SHOWN]])
    return [Result(FIGURE.name, len(sweep), value, FIGURE.target, not missed and not found, note)]


def role_of(point: CrashPoint) -> str:
    """The process that comes by there; ``KeyError`` for one that this figure does not know yet."""
    return ROLES[point.partition(".")[0]]


async def _dies(running: Trial, point: CrashPoint, hit: int, rng: random.Random) -> str:
    """Have it die there under traffic, and go on; empty where it did, else what was seen."""
    match role_of(point):
        case "migration":
            return await dies_while_migrating(running.world, point, rng)
        case "rebuild":
            return await dies_while_rebuilding(running, point, hit)
        case role:
            return await _process_dies(running, role, point, hit, rng)


async def _process_dies(running: Trial, role: str, point: CrashPoint, hit: int, rng: random.Random) -> str:
    world = running.world
    world[role].kill()
    process = world.start(role, point, hit)
    if point is CrashPoint.WORKER_WHILE_PARKING:
        await Poison(world, rng).plant_commands(running.hotels, hit)

    async def dead() -> bool:
        if process.exit_code is None and running.load.waiting < BURST:
            running.load.burst(BURST)
        return process.exit_code is not None

    try:
        await until(dead, DEATH_SECONDS)
    except TimeoutError:
        return f"{point} was not hit {hit} times"
    finally:
        ended = process.exit_code
        process.end()
        world.start(role)
        await process.ready()
    running.history.harm("crash point", str(point), running.load.open_requests)
    if role == "worker":
        await _catches_up(running)
    return "" if ended == -SIGKILL else f"{point}: {role} ended with {ended}"


async def _catches_up(running: Trial) -> None:
    """Return once every hotel has the outcome of a command sent now; ``TimeoutError`` where one has not in time.

    A command that meets death after death is parked, as it should be; the first of a queue would be, here.
    """
    load = running.load
    async with asyncio.timeout(CATCH_UP_SECONDS):
        await load.closed([next_order(house, load.rng) for house in load.houses], len(load.houses))


FIGURE: Final = Figure(
    "R8", "crash points hit, violations", "all, 0 / 0", len(POINTS) * len(HITS), len(POINTS), measure
)
