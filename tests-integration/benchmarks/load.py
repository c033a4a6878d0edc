"""The load generator, a process of its own: ``python -m benchmarks.load`` with what to do on standard input.

Closed loop: each connection sends its next booking when the last was answered. Open loop: bookings are due at fixed
times, whatever the service does, and latency counts from when a booking was due, so a stall is seen in full.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Final

import orjson
import uvloop

from benchmarks.connection import Answer, Connection
from benchmarks.telling import tell
from benchmarks.work import NIGHTS, Booking, bookings

ACCEPTED: Final = 202
BEHIND: Final = 409
PATIENT_SECONDS: Final = 60.0
SAMPLE_WAIT: Final = "Prefer: wait=10\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What to send: ``rate`` a second, or as fast as ``connections`` can where it is zero, for so many ``seconds``.

    ``batch`` above one uses the ordered body. Every ``sample``-th booking is followed until its document is visible.
    """

    command_port: int
    query_port: int
    hotels: list[str]
    seed: int
    seconds: float
    connections: int
    rate: float = 0.0
    batch: int = 1
    sample: int = 0
    most: int = 1_000_000
    nights: int = NIGHTS


@dataclass(slots=True)
class Sent:
    """What came of it: times are seconds, ``last`` is the last accepted command of each hotel."""

    accepted: int = 0
    refused: int = 0
    seconds: float = 0.0
    accept: list[float] = field(default_factory=list[float])
    visible: list[float] = field(default_factory=list[float])
    last: dict[str, str] = field(default_factory=dict[str, str])


async def run(load: Load) -> Sent:
    """Send the load."""
    sent, source = Sent(), bookings(load.hotels, load.seed, load.nights)
    connections = [Connection(load.command_port) for _ in range(load.connections)]
    started = time.perf_counter()
    if load.rate:
        await _open_loop(load, source, connections, sent, started)
    else:
        until = started + load.seconds
        await asyncio.gather(*(_closed_loop(load, source, connection, sent, until) for connection in connections))
    sent.seconds = time.perf_counter() - started
    for connection in connections:
        connection.close()
    return sent


async def _closed_loop(load: Load, source: Iterator[Booking], connection: Connection, sent: Sent, until: float) -> None:
    def enough() -> bool:
        return time.perf_counter() >= until or sent.accepted >= load.most

    while not enough():
        if load.batch == 1:
            await _one(next(source), connection, sent, time.perf_counter())
        else:
            await _many([next(source) for _ in range(load.batch)], connection, sent, enough)


async def _open_loop(
    load: Load, source: Iterator[Booking], connections: list[Connection], sent: Sent, started: float
) -> None:
    idle: asyncio.Queue[Connection] = asyncio.Queue()
    for connection in connections:
        idle.put_nowait(connection)
    followers = [Connection(load.command_port), Connection(load.query_port)]
    following = asyncio.Lock()
    under_way: set[asyncio.Task[None]] = set()
    for number in range(int(load.rate * load.seconds)):
        due = started + number / load.rate
        if (early := due - time.perf_counter()) > 0:
            await asyncio.sleep(early)
        booking = next(source)
        if load.sample and number % load.sample == 0 and not following.locked():
            task = asyncio.create_task(_follow(booking, followers, following, sent, due))
        else:
            task = asyncio.create_task(_when_idle(booking, idle, sent, due))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    await asyncio.gather(*under_way)


async def _when_idle(booking: Booking, idle: asyncio.Queue[Connection], sent: Sent, due: float) -> None:
    connection = await idle.get()
    try:
        await _one(booking, connection, sent, due)
    finally:
        idle.put_nowait(connection)


async def _one(booking: Booking, connection: Connection, sent: Sent, due: float) -> None:
    answer = await connection.post(booking.path, booking.body, booking.headers)
    sent.accept.append(time.perf_counter() - due)
    _count(booking, answer.status, sent)


async def _many(chosen: list[Booking], connection: Connection, sent: Sent, enough: Callable[[], bool]) -> None:
    """One ordered body a hotel, until it is enough."""
    for hotel in dict.fromkeys(booking.hotel for booking in chosen):
        if enough():
            return
        due = time.perf_counter()
        mine = [booking for booking in chosen if booking.hotel == hotel]
        body = orjson.dumps({"commands": [booking.item for booking in mine]})
        answer = await connection.post(f"/v1/hotels/{hotel}/commands", body)
        sent.accept.append(time.perf_counter() - due)
        for booking, said in zip(mine, orjson.loads(answer.body)["answers"], strict=True):
            _count(booking, said["status"], sent)


async def _follow(
    booking: Booking, followers: list[Connection], following: asyncio.Lock, sent: Sent, due: float
) -> None:
    """As a client that books and then shows the booking: one request that waits for each, and again where not yet."""
    commands, queries = followers
    async with following:
        until = time.perf_counter() + PATIENT_SECONDS
        book = partial(commands.post, booking.path, booking.body, booking.headers + SAMPLE_WAIT)
        answer = await _while(ACCEPTED, book, until)
        outcome = orjson.loads(answer.body)
        if outcome.get("status") != "succeeded":
            sent.refused += 1
            return
        where = f"/v1/hotels/{booking.hotel}/reservations/{booking.key}?min_position={outcome['position']}"
        shown = await _while(BEHIND, partial(queries.get, where), until)
        if shown.status == 200:
            sent.visible.append(time.perf_counter() - due)
            _count(booking, ACCEPTED, sent)
        else:
            sent.refused += 1


async def _while(status: int, ask: Callable[[], Awaitable[Answer]], until: float) -> Answer:
    """The first answer with another status; the last one once it is so late."""
    while (answer := await ask()).status == status and time.perf_counter() < until:
        pass
    return answer


def _count(booking: Booking, status: int, sent: Sent) -> None:
    if status == ACCEPTED:
        sent.accepted += 1
        sent.last[booking.hotel] = str(booking.key)
    else:
        sent.refused += 1


def main() -> None:
    """Read what to do, do it, and write what came of it."""
    load = Load(**orjson.loads(sys.stdin.buffer.read()))
    sent = asdict(uvloop.run(run(load)))
    tell(sent | {"processor": time.process_time()})


if __name__ == "__main__":
    main()
