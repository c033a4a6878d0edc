"""R24: random faults for a long time; no promise breaks, memory does not grow, and no connection is left behind.

The first process of each role lives through it all, so that its memory and its connections tell something; the ones
that are killed and stopped are second ones. Memory is watched from when everything has broken once: until then it grows
to what an outage needs. Judged is the later half of that: in the first, each kind of outage comes in each order for the
first time, and what an allocator keeps for the next grows in steps that get rarer. What leaks goes on in the second.
"""

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import orjson

from chaos.figure import Figure, Result
from chaos.killed import SHOWN
from chaos.kills import BURST
from chaos.looks import Looks
from chaos.r19_network import LINKS, Link, proxied
from chaos.server_kills import successes, works_again
from chaos.tcp_faults import FAULTS
from chaos.trial import Trial, trial
from harness.front_office import House
from harness.pair import ROLES
from harness.proxy import Proxy
from harness.resources import Slope, later_half, resident_bytes, slope, sockets
from harness.waiting import until
from harness.world import World, hotel_names

SHARED: Final = ("worker", "relay", "projector")
SAMPLE_SECONDS: Final = 2.0
HOTELS: Final = 512
"""So many that none gets a long history: a round holds the documents of one hotel at a time, some 4 kB an event.

That is no leak, and among 64 hotels it was 3 % an hour of the projector.
"""
REST_SECONDS: Final = (2.0, 8.0)
PAUSE_SECONDS: Final = 8.0
FAULT_SECONDS: Final = 4.0
BACK_SECONDS: Final = 60.0
CLOSED_SECONDS: Final = 60.0
MOST_PERCENT: Final = 1.0
POOLS: Final = {"command-api": 6, "relay": 8, "worker": 4, "query-api": 20, "projector": 25}
"""How many connections the pools of each may hold for as long as they like."""
MEMORY: Final = "R24-memory.json"
"""Among the records: of each process, the bytes by the second."""
OWN_SOCKETS: Final = 6
"""Of the loop, the port, and the driver that watches the document store."""


@dataclass(slots=True)
class Lives:
    """Samples of the processes that live through it: the most sockets while it was ``young``, then memory."""

    world: World
    began: float = field(default_factory=time.monotonic)
    young: bool = True
    memory: dict[str, list[tuple[float, float]]] = field(default_factory=dict[str, list[tuple[float, float]]])
    most_sockets: dict[str, int] = field(default_factory=dict[str, int])

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            now = time.monotonic()
            for role in ROLES:
                pid = self.world[role].pid
                if self.young:
                    self.most_sockets[role] = max(self.most_sockets.get(role, 0), sockets(pid))
                else:
                    self.memory.setdefault(role, []).append((now - self.began, float(resident_bytes(pid))))
            await asyncio.sleep(SAMPLE_SECONDS)

    def slopes(self) -> dict[str, Slope]:
        """How the memory of each has grown in the later half."""
        return {role: slope(later_half(samples)) for role, samples in self.memory.items()}

    def too_many(self) -> dict[str, int]:
        """How many more sockets each has now, at rest, than its pools may hold and than it had when it was young."""
        may = {role: max(self.most_sockets[role], POOLS[role] + OWN_SOCKETS) for role in ROLES}
        now = {role: sockets(self.world[role].pid) - may[role] for role in ROLES}
        return {role: more for role, more in now.items() if more > 0}


@dataclass(slots=True)
class Nemesis:
    """Breaks one thing after the other, each chosen by the dice, and waits until it is whole again."""

    trial: Trial
    proxies: dict[Link, Proxy]
    looks: Looks
    rng: random.Random
    in_flight: int = 0
    done: list[str] = field(default_factory=list[str])

    async def run(self, ends: float) -> None:
        """Break until then."""
        kinds: dict[str, Callable[[], Awaitable[None]]] = {
            "kill": self.kill,
            "stop": self.stop,
            "server": lambda: self.kill_server(self.rng.choice(list(self.trial.world.servers))),
            "network": self.network,
        }
        while time.monotonic() < ends:
            await asyncio.sleep(self.rng.uniform(*REST_SECONDS))
            self.trial.load.burst(BURST)
            kind = self.rng.choice(list(kinds))
            self.in_flight += self.trial.load.waiting
            await kinds[kind]()
            self.done.append(kind)

    async def everything_once(self) -> None:
        """Every fault of the network, on all links at once, and every server's death."""
        for name, make in FAULTS.items():
            self.trial.load.burst(BURST)
            self.trial.history.harm(name, "all links", self.trial.load.waiting)
            for link, proxy in self.proxies.items():
                proxy.break_with(make(self.rng, link[1]))
            await asyncio.sleep(FAULT_SECONDS)
            for proxy in self.proxies.values():
                proxy.heal()
            for server in self.trial.world.servers:
                await works_again(self.trial, server, await successes(self.trial, server), BACK_SECONDS)
        for server in self.trial.world.servers:
            await self.kill_server(server)

    async def kill(self) -> None:
        """A second process of a role dies and is started again."""
        name = f"{self.rng.choice(SHARED)}-2"
        self.trial.history.harm("kill -9", name, self.trial.load.waiting)
        self.trial.world[name].kill()
        await self.trial.world.start(name).ready()

    async def stop(self) -> None:
        """A second process of a role is stopped for longer than its lease."""
        name = f"{self.rng.choice(SHARED)}-2"
        self.trial.history.harm("SIGSTOP", name, self.trial.load.waiting)
        self.trial.world[name].pause()
        await asyncio.sleep(PAUSE_SECONDS)
        self.trial.world[name].resume()

    async def kill_server(self, server: str) -> None:
        """A server dies and is started again on its data."""
        world = self.trial.world
        self.trial.history.harm("kill -9", server, self.trial.load.waiting)
        await world.kill_server(server)
        if server == "mongodb":
            self.looks.begin_again()
        before = await successes(self.trial, server)
        await world.start_server(server)
        await works_again(self.trial, server, before, BACK_SECONDS)

    async def network(self) -> None:
        """A link breaks for some seconds."""
        link, name = self.rng.choice(LINKS), self.rng.choice(list(FAULTS))
        fault = FAULTS[name](self.rng, link[1])
        self.trial.history.harm(str(fault), " to ".join(link), self.trial.load.waiting)
        self.proxies[link].break_with(fault)
        await asyncio.sleep(FAULT_SECONDS)
        self.proxies[link].heal()
        await works_again(self.trial, link[1], await successes(self.trial, link[1]), BACK_SECONDS)


async def measure(world: World, n: int, rng: random.Random) -> list[Result]:
    """Soak for ``n`` minutes."""
    houses = [House(name) for name in hotel_names("R24", rng, HOTELS)]
    async with proxied(world, rng) as proxies:
        for role in SHARED:
            await world.another(role)
        try:
            async with trial(world, "R24", rng, houses=houses) as running:
                return [await _soak(running, proxies, n, rng)]
        finally:
            for role in SHARED:
                world.retire(f"{role}-2")


async def _soak(running: Trial, proxies: dict[Link, Proxy], minutes: int, rng: random.Random) -> Result:
    lives, looks = Lives(running.world), Looks(running)
    nemesis = Nemesis(running, proxies, looks, rng)
    looking = asyncio.create_task(lives.run())
    try:
        await nemesis.everything_once()
        lives.young = False
        await nemesis.run(time.monotonic() + minutes * 60)
    finally:
        looking.cancel()
        (running.world.pair.directory / MEMORY).write_bytes(orjson.dumps(lives.memory))
    violations = await running.judge(unknowns=True) + looks.violations
    leaked = await _leaked(lives)
    died = [role for role in ROLES if running.world[role].exit_code is not None]
    slopes = lives.slopes()
    role, worst = max(slopes.items(), key=lambda item: item[1].percent_an_hour - 2 * item[1].error)
    notes = [f"{kind} {nemesis.done.count(kind)}" for kind in sorted(set(nemesis.done))]
    notes += [f"{of} {one.percent_an_hour:+.1f} ± {one.error:.1f} %/h" for of, one in slopes.items()]
    notes += [f"in flight {nemesis.in_flight}", f"{len(running.history.invokes)} commands"]
    notes += [f"ended by themselves: {died}"] if died else []
    notes += [f"more sockets than before: {leaked}"] if leaked else []
    notes += [str(violation) for violation in violations[:SHOWN]]
    unknown = [of for of, one in slopes.items() if not math.isfinite(one.error)]
    notes += [f"too short to know the memory of {unknown}"] if unknown else []
    grows = bool(unknown) or worst.percent_an_hour - 2 * worst.error > MOST_PERCENT
    met = not (violations or leaked or died or grows) and nemesis.in_flight > 0 and len(nemesis.done) > minutes
    value = f"{len(violations)}; {role} {worst.percent_an_hour:+.1f} ± {worst.error:.1f} %/h; {sum(leaked.values())}"
    return Result(FIGURE.name, minutes, value, FIGURE.target, met, "; ".join(notes))


async def _leaked(lives: Lives) -> dict[str, int]:
    """Sockets that stay, once those that nobody uses have had time to be closed."""
    try:
        await until(lambda: not lives.too_many(), CLOSED_SECONDS)
    except TimeoutError:
        return lives.too_many()
    return {}


FIGURE: Final = Figure(
    "R24",
    "minutes of random faults: violations; memory in the later half; leaked connections",
    "0; < 1 %/h beyond twice its error; 0",
    60,
    None,
    measure,
)
