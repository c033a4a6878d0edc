"""R21: the wall clock of one process jumps by days while it runs; no promise breaks.

A bearer token is known by its SHA-256 and has no end, so there is no expired token that a wrong clock could let in.
"""

import asyncio
import random
from typing import Final, TypeAlias

import aio_pika
import asyncpg

from chaos.figure import Figure, Result
from chaos.killed import SHOWN, lost_and_twice
from chaos.kills import BURST, SUCCESS
from chaos.trial import Trial, trial
from harness.waiting import until
from harness.world import World
from harness.wrong_clock import WrongClock, wrong_clock
from shared_contracts.topology import PARTITIONS, commands_queue

Database: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

DAYS: Final = 3 * 86_400
ROLES: Final = ("command-api", "worker", "relay", "projector")
HOLD_SECONDS: Final = 3.0
CLOSE_SECONDS: Final = 60.0
WORK_SECONDS: Final = 20.0


async def measure(world: World, n: int, rng: random.Random) -> list[Result]:
    """``n`` jumps of three days back or ahead, of the roles in turn, each under load; then the clock is right again."""
    clock = wrong_clock(world.pair.directory / "clock")
    jumps = in_flight = lost = 0
    violations = []
    for role in ROLES[: min(n, len(ROLES))]:
        await _start(world, role, clock)
        try:
            async with trial(world, "R21", rng) as running:
                for number in range(len(range(ROLES.index(role), n, len(ROLES)))):
                    ahead = (number + ROLES.index(role)) % 2 == 0
                    in_flight += await _jump(running, role, clock, DAYS if ahead else -DAYS)
                    jumps += 1
                if role == "command-api" and n >= len(ROLES):
                    lost = await _lose_commands(running, clock, -DAYS)
                violations += await running.judge()
        finally:
            world[role].kill()
            await world.healthy()
    notes = [f"{in_flight} requests under way at the jumps; tokens have no end here, so none can be expired"]
    notes += [f"{lost} commands lost by the broker while their API's clock was behind"] if lost else []
    notes += [] if in_flight else ["nothing was under way"]
    notes += [str(violation) for violation in violations[:SHOWN]]
    met = not violations and in_flight > 0
    return [Result(FIGURE.name, jumps, lost_and_twice(violations), FIGURE.target, met, "; ".join(notes))]


async def _start(world: World, role: str, clock: WrongClock) -> None:
    """Start the role again so that its clock can be put wrong."""
    process = world[role]
    process.kill()
    clock.jump(0)
    process.environment = {**world.environment_of(role), **clock.environment}
    process.start()
    await process.ready()


async def _jump(trial: Trial, role: str, clock: WrongClock, seconds: int) -> int:
    """Jump with work under way, work on with the wrong clock, and jump back; the requests open at the first jump."""
    trial.load.burst(BURST)
    await asyncio.sleep(0.01)
    under_way = trial.load.waiting
    trial.history.harm(f"clock {seconds:+d} s", role, under_way)
    clock.jump(seconds)
    if abs(clock.shown() - seconds) > CLOSE_SECONDS:
        raise RuntimeError(f"the clock has not jumped: it is {clock.shown():+.0f} s ahead")
    await _works(trial, role)
    await asyncio.sleep(HOLD_SECONDS)
    await _works(trial, role)
    clock.jump(0)
    await _works(trial, role)
    return under_way


async def _lose_commands(trial: Trial, clock: WrongClock, seconds: int) -> int:
    """Have commands accepted with a wrong clock, and lost with the queues that hold them; how many.

    Whoever looks for lost commands must not rest on the clock of who accepted them.
    """
    world = trial.world
    world["worker"].kill()
    clock.jump(seconds)
    trial.load.burst(BURST)
    await until(lambda: trial.load.waiting == 0)
    clock.jump(0)
    async with world.database() as database:
        await until(lambda: _sent(database), WORK_SECONDS)
    lost = await _purge(world.servers["rabbitmq"].url)
    await world.start("worker").ready()
    return lost


async def _sent(database: Database) -> bool:
    return bool(await database.fetchval("SELECT count(*) = 0 FROM command_outbox"))


async def _purge(url: str) -> int:
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel()
        return sum([await _purged(channel, commands_queue(partition)) for partition in range(PARTITIONS)])


async def _purged(channel: aio_pika.abc.AbstractChannel, name: str) -> int:
    return (await (await channel.get_queue(name)).purge()).message_count or 0


async def _works(trial: Trial, role: str) -> None:
    """Wait until the role has done something from now on."""
    name = SUCCESS[role]
    before = (await trial.counting.hear(role)).get(name, 0.0)

    async def more() -> bool:
        return (await trial.counting.hear(role)).get(name, 0.0) > before

    await until(more, WORK_SECONDS)


FIGURE: Final = Figure("R21", "clock jumps of 3 days: lost / duplicated effects", "0 / 0", 20, 2, measure)
