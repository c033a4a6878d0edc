"""R19: everything that TCP can do to a connection, on every kind of link; no promise breaks, and nobody stays stuck."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from chaos.figure import Figure, Result
from chaos.killed import SHOWN
from chaos.kills import BURST
from chaos.server_kills import came_twice, successes, works_again
from chaos.tcp_faults import FAULTS, SILENT
from chaos.trial import Trial, trial
from checks.violation import Violation
from harness.proxy import Proxy, proxy_to
from harness.world import World

Link = tuple[str, str]
"""A process and a server that it talks to."""
LINKS: Final[tuple[Link, ...]] = (
    ("command-api", "postgres"),
    ("relay", "postgres"),
    ("worker", "postgres"),
    ("relay", "rabbitmq"),
    ("worker", "rabbitmq"),
    ("projector", "rabbitmq"),
    ("projector", "mongodb"),
    ("query-api", "mongodb"),
)
SERVERS: Final = ("postgres", "rabbitmq", "mongodb")
HOLD_SECONDS: Final = 3.0
BEYOND_HEARTBEAT_SECONDS: Final = 15.0
"""Silence in which an AMQP client has given up: three times its heartbeat of 3 s and a second, and one more look."""
BACK_SECONDS: Final = 40.0
TELL_EVERY: Final = 10


@dataclass(slots=True)
class Broken:
    """What the faults hit: how often, requests open and bytes passed at the time, and who did not come back."""

    runs: int = 0
    in_flight: int = 0
    touched: int = 0
    untouched: list[str] = field(default_factory=list[str])
    stuck: list[str] = field(default_factory=list[str])


async def measure(world: World, n: int, rng: random.Random) -> list[Result]:
    """``n`` faults: all pairs of fault and server in shuffled rounds, each on one link of such."""
    broken = Broken()
    async with proxied(world, rng) as proxies, trial(world, "R19", rng) as running:
        for name, server in itertools.islice(deck(rng), n):
            link = rng.choice([link for link in LINKS if link[1] == server])
            await _break(running, name, link, proxies[link], rng, broken)
            broken.runs += 1
            if broken.runs % TELL_EVERY == 0:
                world.tell(f"  {broken.runs} faults")
        violations = await running.judge()
        broken.stuck += [
            f"{link} after all" for link, proxy in proxies.items() if proxy.stuck(BEYOND_HEARTBEAT_SECONDS)
        ]
        again = sum(came_twice(running).values())
        unknown = len(running.history.unknown())
    return [_result(broken, violations, again, unknown)]


@asynccontextmanager
async def proxied(world: World, rng: random.Random) -> AsyncIterator[dict[Link, Proxy]]:
    """A proxy on every link; the processes are started again to use them, and again at the end to use none."""
    async with AsyncExitStack() as stack:
        proxies = {}
        for link in LINKS:
            dice = random.Random(rng.getrandbits(64))
            proxies[link] = await stack.enter_async_context(proxy_to(world.servers[link[1]].url, dice))
            world.links[link] = proxies[link].url
        try:
            await restart(world)
            yield proxies
        finally:
            for link in LINKS:
                del world.links[link]
            await restart(world)


async def restart(world: World) -> None:
    """Start the processes again, so that they use the links as they are now."""
    for process in world.pair.processes.values():
        process.kill()
    await world.healthy()


def deck(rng: random.Random) -> Iterator[tuple[str, str]]:
    """Faults and servers: all pairs, shuffled, again and again."""
    while True:
        pairs = list(itertools.product(FAULTS, SERVERS))
        rng.shuffle(pairs)
        yield from pairs


async def _break(trial: Trial, name: str, link: Link, proxy: Proxy, rng: random.Random, broken: Broken) -> None:
    """One fault under load, and healed; the work goes on when this returns, or it is noted who stays stuck."""
    fault = FAULTS[name](rng, link[1])
    beats = link[1] == "rabbitmq" and name in SILENT
    trial.load.burst(BURST)
    await asyncio.sleep(rng.uniform(0.0, 0.05))
    before = _touched(proxy)
    broken.in_flight += trial.load.waiting
    trial.history.harm(f"{fault}", " to ".join(link), trial.load.waiting)
    proxy.break_with(fault)
    # The client may have spoken before the fault began, so it has one look more than its promise.
    await asyncio.sleep(BEYOND_HEARTBEAT_SECONDS + 1 if beats else HOLD_SECONDS)
    if beats and proxy.stuck(BEYOND_HEARTBEAT_SECONDS):
        broken.stuck.append(f"{name} from {' to '.join(link)}")
    touched = _touched(proxy) - before
    proxy.heal()
    broken.touched += touched > 0 or name in SILENT
    if not touched and name not in SILENT:
        broken.untouched.append(f"{fault} from {' to '.join(link)}")
    try:
        await works_again(trial, link[1], await successes(trial, link[1]), BACK_SECONDS)
    except TimeoutError as error:
        broken.stuck.append(f"{fault} from {' to '.join(link)}: {error}")


def _touched(proxy: Proxy) -> int:
    """Bytes and connections that came by, and connections that were cut."""
    return proxy.passed + proxy.accepted + proxy.cuts


def _result(broken: Broken, violations: list[Violation], again: int, unknown: int) -> Result:
    notes = [f"in flight {broken.in_flight}, came again {again}, ended unknown {unknown}"]
    notes += [f"nothing came by: {'; '.join(broken.untouched[:SHOWN])}"] if broken.untouched else []
    notes += broken.stuck[:SHOWN]
    notes += [str(violation) for violation in violations[:SHOWN]]
    lived = broken.in_flight > 0 and broken.touched > broken.runs * 0.8 and again + unknown > 0
    met = not violations and not broken.stuck and lived
    value = f"{len(violations)}; {len(broken.stuck)}"
    return Result(FIGURE.name, broken.runs, value, FIGURE.target, met, "; ".join(notes))


FIGURE: Final = Figure("R19", "TCP faults: violations; connections stuck beyond heartbeat", "0; 0", 60, 6, measure)
