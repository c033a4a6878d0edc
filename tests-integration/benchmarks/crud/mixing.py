"""The clients of a mix, a process of their own: ``python -m benchmarks.crud.mixing``, what to do on standard input.

Closed loop: each connection draws lots whether it books or asks, and goes on when it was answered.
"""

import asyncio
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from random import Random
from typing import Final

import orjson
import uvloop

from benchmarks.connection import Connection
from benchmarks.load import SAMPLE_WAIT
from benchmarks.telling import tell
from benchmarks.work import GUEST, Booking, bookings

BOOKED: Final = frozenset({201, 202})
QUESTIONS: Final = ("availability",) * 5 + ("reservation",) * 3 + ("arrivals", "statistics")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """``share`` of the requests are bookings, the others ask about the first ``known`` bookings of ``known_seed``.

    With ``follow`` one of the connections follows each of its bookings until its document is visible.
    """

    command_port: int
    query_port: int
    hotels: list[str]
    seed: int
    seconds: float
    connections: int
    share: float
    known_seed: int
    known: int
    most: int = 1_000_000
    follow: bool = False


@dataclass(slots=True)
class Mixed:
    """What came of it: times in seconds. ``final`` and ``visible`` are those of the bookings that were followed."""

    failed: int = 0
    seconds: float = 0.0
    asked: list[float] = field(default_factory=list[float])
    booked: list[float] = field(default_factory=list[float])
    final: list[float] = field(default_factory=list[float])
    visible: list[float] = field(default_factory=list[float])
    last: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Clients:
    """All connections draw their bookings from one source, so that none is sent twice."""

    mix: Mix
    source: Iterator[Booking]
    known: list[Booking]
    mixed: Mixed
    until: float

    async def one(self, number: int) -> None:
        """One client with a connection to each service."""
        commands, queries = Connection(self.mix.command_port), Connection(self.mix.query_port)
        chance = Random(f"{self.mix.seed} {number}")
        follows = self.mix.follow and number == 0
        while time.perf_counter() < self.until and len(self.mixed.booked) < self.mix.most:
            if follows:
                await self._follow(commands, queries)
            elif chance.random() < self.mix.share:
                await self._book(commands)
            else:
                await self._ask(queries, chance)
        commands.close()
        queries.close()

    async def _book(self, commands: Connection) -> None:
        booking, due = next(self.source), time.perf_counter()
        answer = await commands.post(booking.path, _of_own_guest(booking), booking.headers)
        self.mixed.booked.append(time.perf_counter() - due)
        self.mixed.failed += answer.status not in BOOKED
        self.mixed.last[booking.hotel] = str(booking.key)

    async def _ask(self, queries: Connection, chance: Random) -> None:
        booking, due = chance.choice(self.known), time.perf_counter()
        answer = await queries.get(question(booking, chance))
        self.mixed.asked.append(time.perf_counter() - due)
        self.mixed.failed += answer.status != 200

    async def _follow(self, commands: Connection, queries: Connection) -> None:
        """As somebody who needs to know: the request waits for its outcome, and the next one shows the document."""
        booking, due = next(self.source), time.perf_counter()
        self.mixed.last[booking.hotel] = str(booking.key)
        answer = await commands.post(booking.path, _of_own_guest(booking), booking.headers + SAMPLE_WAIT)
        self.mixed.final.append(time.perf_counter() - due)
        position = orjson.loads(answer.body)["position"]
        shown = await queries.get(f"/v1/hotels/{booking.hotel}/reservations/{booking.key}?min_position={position}")
        self.mixed.visible.append(time.perf_counter() - due)
        self.mixed.failed += shown.status != 200


def _of_own_guest(booking: Booking) -> bytes:
    """Its body for another guest each time; one guest's row would be a hot spot that only the CRUD service has."""
    return booking.body.replace(GUEST.encode(), str(booking.key).encode())


def question(booking: Booking, chance: Random) -> str:
    """One of the questions about the hotel of the booking, as often as people ask it."""
    hotel, month = f"/v1/hotels/{booking.hotel}", f"2027-{chance.randint(1, 9):02d}"
    match chance.choice(QUESTIONS):
        case "availability":
            return f"{hotel}/availability?from={month}-01&to={month[:5]}{int(month[5:]) + 1:02d}-01"
        case "reservation":
            return f"{hotel}/reservations/{booking.key}"
        case "arrivals":
            return f"{hotel}/front-desk/{month}-04/arrivals"
        case _:
            return f"{hotel}/statistics/{month}"


async def run(mix: Mix) -> Mixed:
    """Let all clients go."""
    source = bookings(mix.hotels, mix.seed)
    known = list(islice(bookings(mix.hotels, mix.known_seed), mix.known))
    mixed, started = Mixed(), time.perf_counter()
    clients = Clients(mix, source, known, mixed, started + mix.seconds)
    await asyncio.gather(*(clients.one(number) for number in range(mix.connections)))
    mixed.seconds = time.perf_counter() - started
    return mixed


def main() -> None:
    """Read what to do, do it, and write what came of it."""
    mixed = asdict(uvloop.run(run(Mix(**orjson.loads(sys.stdin.buffer.read())))))
    tell(mixed | {"processor": time.process_time()})


if __name__ == "__main__":
    main()
