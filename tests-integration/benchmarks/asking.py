"""The readers, a process of their own: ``python -m benchmarks.asking`` with what to ask on standard input."""

import asyncio
import sys
import time
from dataclasses import asdict, dataclass, field
from itertools import cycle, islice
from typing import Final

import orjson
import uvloop

from benchmarks.connection import Connection
from benchmarks.telling import tell

OK: Final = 200
NOT_MODIFIED: Final = 304


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """The paths in turn: ``rate`` a second, or as fast as the connections can where it is zero.

    With ``tagged`` each path is asked again with the ``ETag`` of its last answer.
    """

    port: int
    paths: list[str]
    seconds: float
    connections: int
    rate: float = 0.0
    tagged: bool = False


@dataclass(slots=True)
class Told:
    """What was answered: times in seconds, ``size`` in bytes of all bodies together."""

    answers: int = 0
    not_modified: int = 0
    failed: int = 0
    size: int = 0
    seconds: float = 0.0
    times: list[float] = field(default_factory=list[float])
    tags: dict[str, str] = field(default_factory=dict[str, str])


async def run(questions: Questions) -> Told:
    """Ask."""
    told = Told()
    started = time.perf_counter()
    connections = [Connection(questions.port) for _ in range(questions.connections)]
    share = questions.rate / questions.connections
    await asyncio.gather(
        *(_ask(questions, number, connection, told, started, share) for number, connection in enumerate(connections))
    )
    told.seconds = time.perf_counter() - started
    for connection in connections:
        connection.close()
    return told


async def _ask(
    questions: Questions, number: int, connection: Connection, told: Told, started: float, share: float
) -> None:
    """One reader; with a rate, latency counts from when the question was due."""
    until = started + questions.seconds
    due = started + (number / questions.rate if share else 0.0)
    for path in islice(cycle(questions.paths), number * 7, None):
        if share:
            due += 1 / share
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
        else:
            due = time.perf_counter()
        if due >= until:
            return
        tag = told.tags.get(path) if questions.tagged else None
        answer = await connection.get(path, f"If-None-Match: {tag}\r\n" if tag else "")
        told.times.append(time.perf_counter() - due)
        told.answers += 1
        told.size += len(answer.body)
        told.not_modified += answer.status == NOT_MODIFIED
        told.failed += answer.status not in {OK, NOT_MODIFIED}
        if answer.etag:
            told.tags[path] = answer.etag


def main() -> None:
    """Read what to ask, ask it, and write what was told."""
    told = asdict(uvloop.run(run(Questions(**orjson.loads(sys.stdin.buffer.read())))))
    tell(told | {"processor": time.process_time()})


if __name__ == "__main__":
    main()
