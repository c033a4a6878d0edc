"""The rehearsal: a backup while the front desk is busy, the loss of everything, and the way back, step by step.

The way back is that of ``deploy/backup.md``, with the functions that ``deploy/local/backup.py`` calls.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from checks.gathering import run_lines
from drill.losing import lose_everything
from drill.making import Making, watched
from drill.record import Heads, Record, heads_of, is_being_read, record_of, undecided, wrong_in
from harness.front_office import House, Order, Rooms
from harness.history import History
from harness.load import RATE, Load
from harness.pair import migrate
from harness.reader import Reader
from harness.settling import settle
from harness.waiting import until
from harness.world import World, hotel_names
from innkeep_backup import database
from local_stack import postgres

HOTELS: Final = 8
ROOMS: Final[Rooms] = {
    "DBL": tuple(str(number) for number in range(101, 141)),
    "SUI": tuple(str(number) for number in range(201, 211)),
}
CLIENTS: Final = 32
LOST_COMMANDS: Final = 60
UNDER_WAY: Final = 20
ANEW: Final = 40
SENT_AGAIN: Final = 20
ENOUGH_EVENTS: Final = 2_000
MADE_SECONDS: Final = 540.0
LOSS: Final = "lose everything"


@dataclass(slots=True)
class Rehearsal:
    """What was done in how many seconds, and what was not right afterwards, which should be nothing."""

    world: World
    load: Load
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    wrong: list[str] = field(default_factory=list[str])
    events: int = 0
    documents: int = 0
    lost_commands: int = 0
    under_way: int = 0
    making: Making = field(default_factory=Making)
    orders: dict[str, Order] = field(default_factory=dict[str, Order])

    @property
    def hotels(self) -> list[str]:
        """Those of the rehearsal, which are compared; the events of all others are as well."""
        return [house.hotel_id for house in self.load.houses]

    @property
    def way_back(self) -> float:
        """Seconds from the loss until the read model was proved equal to the fold of the events."""
        steps = list(self.seconds)
        return sum(self.seconds[step] for step in steps[steps.index(LOSS) + 1 : steps.index("compare") + 1])

    @property
    def counted(self) -> str:
        """What it was done with."""
        commands = f"{self.under_way} commands under way, {self.lost_commands} later ones lost"
        return f"{self.events} events, {self.documents} documents, {commands}"

    @property
    def cost(self) -> str:
        """What it costs that documents are made again and not backed up, once the projector has begun."""
        if self.making.events < ENOUGH_EVENTS:
            return f"{self.making.events} events are too few to tell what making documents costs"
        return f"documents {self.making.seconds / self.making.events * 100_000:.0f} s per 100 000 events"

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a step and tell it."""
        started = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - started
        self.world.tell(f"  {name}: {self.seconds[name]:.1f} s")

    async def rehearse(self, commands: int) -> None:
        """All of it; ``TimeoutError`` or ``BackupError`` where the way back ends somewhere."""
        file = self.world.pair.directory.parent / f"innkeep-{self.load.rng.getrandbits(32):08x}.dump"
        async with self._seen():
            with self.step("load"):
                await self.load.open_hotels(ROOMS)
                await self.load.closed((self.load.next() for _ in range(commands)), CLIENTS)
            began, ended = await self.back_up_and_go_on(file)
        before = await record_of(self.world)
        with self.step(LOSS):
            assert await lose_everything(self.world) > 0
        await self.come_back(file)
        after = await record_of(self.world)
        self.wrong += wrong_in(before, after, began, ended)
        self.lost_commands = len(before.commands - after.commands)
        self.under_way = await undecided(self.world, self.hotels)
        for what, count in {"lost": self.lost_commands, "under way": self.under_way}.items():
            self.wrong += [] if count else [f"nothing was {what} when the backup was taken, so nothing was shown"]
        await self.start_and_compare()
        with self.step("work again"):
            await self.work_again(after)

    async def back_up_and_go_on(self, file: Path) -> tuple[Heads, Heads]:
        """Take the backup in mid work, and work on a little; the positions around the moment that it shows."""
        superuser = postgres.superuser_url(self.world.servers["postgres"])
        traffic = asyncio.create_task(self._traffic())
        try:
            with self.step("back up"):
                # Commands that the broker has and nobody has decided are in the backup, and the broker will be lost.
                self.world["worker"].pause()
                await until(lambda: self._has_under_way(UNDER_WAY))
                began = await heads_of(self.world)
                taking = asyncio.create_task(asyncio.to_thread(database.take, superuser, file))
                await until(lambda: is_being_read(superuser))
                self.world["worker"].resume()
                await taking
                ended = await heads_of(self.world)
            with self.step("go on"):
                enough = len(self.orders) + LOST_COMMANDS
                await until(lambda: len(self.orders) >= enough)
        finally:
            self.world["worker"].resume()
            traffic.cancel()
            await asyncio.gather(traffic, return_exceptions=True)
        await self.load.rest()
        return began, ended

    async def _traffic(self) -> None:
        """Send until cancelled, and remember what was sent."""
        while True:
            order = self.load.next()
            self.orders[order.id] = order
            self.load.post(order)
            await asyncio.sleep(1 / RATE)

    @asynccontextmanager
    async def _seen(self) -> AsyncIterator[None]:
        """While somebody reads, who keeps the houses' business dates true."""
        reading = asyncio.create_task(Reader(self.world, self.load.history, self.load.houses).run())
        try:
            yield
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _has_under_way(self, count: int) -> bool:
        return await undecided(self.world, self.hotels) >= count

    async def come_back(self, file: Path) -> None:
        """Empty servers, and PostgreSQL with what the backup holds."""
        with self.step("start servers"):
            await asyncio.gather(*(self.world.start_server(name) for name in self.world.servers))
        with self.step("restore"):
            await asyncio.to_thread(database.restore, postgres.superuser_url(self.world.servers["postgres"]), file)

    async def start_and_compare(self) -> None:
        """Migrate, start all, and wait until every document is made and every command decided; then compare."""
        with self.step("migrate"):
            for script in ("command-service", "query-service"):
                await asyncio.to_thread(migrate, script, self.world.pair.environment)
        with self.step("start processes"):
            await self.world.healthy()
        with self.step("make documents"):
            async with watched(self.world) as self.making:
                await settle(self.world, self.hotels, MADE_SECONDS)
        with self.step("decide what was under way"):
            await until(self._all_decided, MADE_SECONDS)
            self.events = (await record_of(self.world)).count
            await settle(self.world, self.hotels)
        with self.step("compare"):
            reports = await run_lines(self.world, "query-service", "reconcile")
            self.documents = sum(report["documents"] for report in reports)
            self._compare("documents", reports)
            self._compare("rows", await run_lines(self.world, "command-service", "reconcile"))

    async def _all_decided(self) -> bool:
        return await undecided(self.world, self.hotels) == 0

    def _compare(self, what: str, reports: list[dict[str, Any]]) -> None:
        own = {report["hotel_id"]: report for report in reports if report["hotel_id"] in self.hotels and report[what]}
        self.wrong += [f"the {what} of {hotel} were not compared" for hotel in self.hotels if hotel not in own]
        self.wrong += [str(report)[:300] for report in own.values() if report["drift"] or report["fault"]]

    async def work_again(self, restored: Record) -> None:
        """Old outcomes are told as they were, what was lost is done when it is sent again, and new tasks are done."""
        history = self.load.history
        for key in self.load.rng.sample(sorted(restored.decided & history.told.keys()), SENT_AGAIN):
            told = (await self.world.client.get(f"{self.world.command_url}/v1/commands/{key}")).json()
            was = history.told[key][0]
            if (told["status"], told["position"], told.get("code", "")) != (was.status, was.position, was.code):
                self.wrong.append(f"the outcome of {key} was {was}, and is {told} now")
        lost = [order for key, order in self.orders.items() if key not in restored.commands]
        self.wrong += [f"{order.id} was lost and is known" for order in lost if await self._status(order.id) != 404]
        before = (await record_of(self.world)).count
        await self.load.closed(lost, CLIENTS)
        self.wrong += [f"{order.id} was sent again in vain" for order in lost if await self._status(order.id) != 200]
        async with self._seen():
            await self.load.closed((self.load.next() for _ in range(ANEW)), CLIENTS)
        if (await record_of(self.world)).count <= before:
            self.wrong.append(f"of {len(lost)} commands sent again and {ANEW} new ones none changed anything")
        await settle(self.world, self.hotels)

    async def _status(self, key: str) -> int:
        return (await self.world.client.get(f"{self.world.command_url}/v1/commands/{key}")).status_code


async def rehearse(world: World, commands: int, rng: random.Random) -> Rehearsal:
    """Rehearse with hotels of its own, after so many commands; what else the world holds is lost and comes back too."""
    houses = [House(hotel) for hotel in hotel_names("drill", rng, HOTELS)]
    rehearsal = Rehearsal(world, Load(world, History(), houses, random.Random(rng.getrandbits(64))))
    await rehearsal.rehearse(commands)
    return rehearsal
