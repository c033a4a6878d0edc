"""R20: the disk of PostgreSQL, or of the broker, is full for a while; nothing is lost, and nobody has to do anything.

Somebody makes room, and a server that has ended itself is started again, as what supervises it does.
"""

import asyncio
import random
from collections import Counter
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import Final

import asyncpg

from chaos.figure import Figure, Result
from chaos.killed import SHOWN, lost_and_twice
from chaos.kills import BURST
from chaos.outages import unsent
from chaos.server_kills import successes, works_again
from chaos.trial import Trial, trial
from checks.violation import Violation
from harness.full_disk import MountRefused, SmallDisk, small_disk_under
from harness.history import Answered
from harness.waiting import until
from harness.world import World
from local_stack import rabbitmq
from local_stack.postgres import superuser_url

FULL_SECONDS: Final = 6.0
BACK_SECONDS: Final = 60.0
BLOCKED_SECONDS: Final = 20.0
MOST_LOG_FILES: Final = 1_000
LIMIT_BYTES: Final = 1 << 60
OWN_LIMIT: Final = "50MB"
STALE_SECONDS: Final = 0.3
PROCESSES: Final = ("command-api", "worker", "relay", "query-api", "projector")


@dataclass(slots=True)
class Full:
    """What being full did: how often, what clients were told, and how often PostgreSQL ended itself."""

    times: int = 0
    told: Counter[int] = field(default_factory=Counter[int])
    ended: int = 0
    idle: list[str] = field(default_factory=list[str])
    by_hand: list[str] = field(default_factory=list[str])


async def measure(world: World, n: int, rng: random.Random) -> list[Result]:
    """``n`` times each; a line for PostgreSQL and one for the broker."""
    return [await _measure_postgres(world, n, rng), await _measure_broker(world, n, rng)]


async def _measure_postgres(world: World, n: int, rng: random.Random) -> Result:
    server = world.servers["postgres"]
    async with AsyncExitStack() as stack:
        try:
            disk = await asyncio.to_thread(stack.enter_context, small_disk_under(server, server.directory / "data"))
        except MountRefused as error:
            return _missed("R20 PostgreSQL", str(error))
        await world.healthy()
        full = Full()
        async with trial(world, "R20", rng) as running:
            for number in range(n):
                await _fill(running, disk, full, log_too=number % 2 == 1)
            violations = await running.judge(unknowns=True)
    await world.healthy()
    return _result("R20 PostgreSQL", full, violations, f"PostgreSQL ended itself {full.ended} times")


async def _fill(trial: Trial, disk: SmallDisk, full: Full, *, log_too: bool) -> None:
    """Full for a while, under load; somebody makes room, and all goes on by itself.

    ``log_too``: also what PostgreSQL has kept free for its log is used up, which ends it at once.
    """
    world, sent = trial.world, set(trial.history.invokes)
    pids = _pids(world)
    trial.load.burst(BURST)
    trial.history.harm("disk full", "postgres", trial.load.open_requests)
    disk.fill()
    if log_too:
        await _use_up_log(superuser_url(world.servers["postgres"]))
    await asyncio.sleep(FULL_SECONDS)
    new = [answer for key in trial.history.invokes.keys() - sent for answer in trial.history.answers.get(key, [])]
    told = Counter(answer.status for answer in new if answer.result is not Answered.OK)
    full.told += told
    full.times += 1
    full.idle += [] if told else ["nobody noticed that the disk was full"]
    before = await successes(trial, "postgres")
    disk.make_room()
    full.ended += not world.servers["postgres"].running()
    await world.start_server("postgres")
    await works_again(trial, "postgres", before, BACK_SECONDS)
    full.by_hand += _ended(world, pids)


async def _use_up_log(url: str) -> None:
    """Begin one file of the log after the other until there is no room for the next."""
    with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        connection = await asyncpg.connect(url)
        for _ in range(MOST_LOG_FILES):
            await connection.execute("SELECT pg_switch_wal(), txid_current()")
        raise RuntimeError("PostgreSQL's log goes on without room")


async def _measure_broker(world: World, n: int, rng: random.Random) -> Result:
    server = world.servers["rabbitmq"]
    full = Full()
    async with trial(world, "R20", rng) as running:
        for _ in range(n):
            pids = _pids(world)
            running.history.harm("disk alarm", "rabbitmq", running.load.waiting)
            await asyncio.to_thread(rabbitmq.control, server, "set_disk_free_limit", str(LIMIT_BYTES))
            try:
                await until(lambda: _piles_up(running), BLOCKED_SECONDS)
                await asyncio.sleep(FULL_SECONDS)
                before = await successes(running, "rabbitmq")
            finally:
                await asyncio.to_thread(rabbitmq.control, server, "set_disk_free_limit", OWN_LIMIT)
            await works_again(running, "rabbitmq", before, BACK_SECONDS)
            full.by_hand += _ended(world, pids)
            full.times += 1
        turned = [a for answers in running.history.answers.values() for a in answers if a.result is not Answered.OK]
        full.told += Counter(answer.status for answer in turned)
        violations = await running.judge()
    return _result("R20 broker", full, violations, "no command is to be turned away", turned_away=len(turned))


async def _piles_up(trial: Trial) -> bool:
    """Whether rows wait to be sent, and go on waiting: the broker takes nothing."""
    before = await unsent(trial)
    await asyncio.sleep(STALE_SECONDS)
    return 0 < before < await unsent(trial)


def _pids(world: World) -> dict[str, int]:
    return {name: world[name].pid for name in PROCESSES}


def _ended(world: World, pids: dict[str, int]) -> list[str]:
    """Processes of ours that would have to be started again."""
    return [f"{name} has ended" for name in pids if world[name].exit_code is not None]


def _result(name: str, full: Full, violations: list[Violation], note: str, turned_away: int = 0) -> Result:
    notes = [note, f"turned away: {dict(full.told)}", *full.idle, *full.by_hand[:SHOWN]]
    notes += [f"lost / twice {lost_and_twice(violations)}", *map(str, violations[:SHOWN])]
    met = not (violations or full.idle or full.by_hand or turned_away) and full.times > 0
    return Result(name, full.times, f"{len(violations)}; {len(full.by_hand)}", FIGURE.target, met, "; ".join(notes))


def _missed(name: str, note: str) -> Result:
    return Result(name, 0, "not measured", FIGURE.target, met=False, note=note)


FIGURE: Final = Figure("R20", "disk full: violations; manual steps", "0; 0", 5, None, measure)
