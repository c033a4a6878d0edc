"""One trial of a figure: fresh hotels with traffic and a reader, something that breaks, rest, and the verdict."""

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Final

import orjson

from checks.catalog import verdict
from checks.evidence import Evidence
from checks.gathering import gather
from checks.violation import Violation
from harness.counting import Counting
from harness.front_office import ROOMS, House, Rooms
from harness.history import History
from harness.load import RATE, Load
from harness.reader import Reader
from harness.settling import settle
from harness.world import World, hotel_names

HOTELS: Final = 4
SHOWN: Final = 5
SENT_AGAIN: Final = b'"commands_sent_again"'


@dataclass(slots=True)
class Trial:
    """``load`` sends, ``counting`` adds up what processes count; ``settled`` are the seconds until all was quiet."""

    name: str
    world: World
    load: Load
    history: History
    counting: Counting
    reader: Reader
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])
    settled: float = 0.0
    sent_again: int = 0

    @property
    def hotels(self) -> list[str]:
        """The trial's own."""
        return [house.hotel_id for house in self.load.houses]

    async def rest(self) -> None:
        """End the traffic; return once each command has its outcome and all is quiet; ``TimeoutError`` says why not."""
        self.stop.set()
        await self.load.rest()
        for task in self.tasks:
            if task.done():
                task.result()  # a reader or a counter that broke must not go unseen
        self.settled = await settle(self.world, self.hotels)
        await self.counting.hear_all()

    async def judge(self, *, unknowns: bool = False, prompt: bool = False) -> list[Violation]:
        """Rest, and what V1 to V9 say to what is on record.

        ``unknowns``: V9 must have had something to look at. ``prompt``: no command may have been lost and sent again.
        """
        await self.rest()
        evidence = await self.evidence()
        found = verdict(evidence, unknowns=unknowns, prompt=prompt)
        self.world.tallies.looks += len(self.history.looks)
        self.world.tallies.went_back += [f"{self.name}: {v.text}" for v in found if v.check == "V8"]
        for violation in found[:SHOWN]:
            self.world.tell(f"  {violation}")
        return found

    async def evidence(self) -> Evidence:
        """All that is on record of the trial's hotels."""
        gathered = await gather(self.world, self.history, self.hotels)
        return replace(gathered, sent_again=sent_again(self.world) - self.sent_again)


def sent_again(world: World) -> int:
    """How many commands the relays found lost, as their logs tell."""
    logs = {process.log for name, process in world.pair.processes.items() if name.startswith("relay")}
    lines = (line for log in logs if log.exists() for line in log.read_bytes().splitlines() if SENT_AGAIN in line)
    return sum(int(orjson.loads(line)["commands"]) for line in lines)


def dice(seed: int, figure: str) -> random.Random:
    """The dice of a figure: the same for the same seed, whatever ran before."""
    return random.Random(int.from_bytes(hashlib.sha256(f"{seed}/{figure}".encode()).digest()[:8]))


@asynccontextmanager
async def trial(
    world: World,
    name: str,
    rng: random.Random,
    rate: float = RATE,
    houses: Sequence[House] | None = None,
    rooms: Rooms = ROOMS,
) -> AsyncIterator[Trial]:
    """A trial on fresh hotels, which are open, with ``rate`` commands a second (0 for none) until it is judged."""
    own = list(houses or [House(hotel) for hotel in hotel_names(name, rng, HOTELS)])
    path = world.pair.directory / f"history-{name}-{rng.getrandbits(16):04x}.jsonl"
    with path.open("wb") as file:
        history = History(file)
        load = Load(world, history, own, random.Random(rng.getrandbits(64)))
        running = Trial(name, world, load, history, Counting(world), Reader(world, history, own))
        running.sent_again = sent_again(world)
        await running.counting.begin()
        await load.open_hotels(rooms)
        running.tasks += [asyncio.create_task(running.reader.run()), asyncio.create_task(running.counting.run())]
        if rate:
            running.tasks.append(asyncio.create_task(load.at_rate(running.stop, rate)))
        try:
            yield running
        finally:
            running.stop.set()
            for task in running.tasks:
                task.cancel()
            await asyncio.gather(*running.tasks, return_exceptions=True)
            await load.abandon()
