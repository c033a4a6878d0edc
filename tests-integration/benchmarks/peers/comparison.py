"""Innkeep's worker step against its peers: the same bookings, the same servers, one worker process, rounds in turn."""

import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import asyncpg

from benchmarks.figures import Figure, figure
from benchmarks.peers.contender import Contender
from benchmarks.peers.draining import Drained, Survived, drained, survived
from benchmarks.peers.innkeep import Innkeep
from benchmarks.peers.peer import Peer, need_peers
from benchmarks.rounds import Told, interleaved
from benchmarks.stand import servers

INNKEEP: Final = "Innkeep"
NO_QUEUE: Final = "eventsourcing"
TIMES: Final = 4
"""Innkeep gets so many times the commands: else it would be done before it could be measured, or killed."""
SETTINGS: Final[Mapping[str, str]] = {
    "celery": "16 threads, prefetch 64 each, acks_late, publisher confirms, classic queue",
    "dramatiq": "16 threads, prefetch 32, publisher confirms, classic queue",
    "taskiq": "taskiq-aio-pika, 100 tasks over 16 sessions, prefetch 200, quorum queue, uvloop",
    "faststream": "RabbitMQ, prefetch 200, 16 sessions, NACK_ON_ERROR, classic queue, uvloop",
    "pgqueuer": "asyncpg, batches of 100, looks for stalled jobs every 5 s, uvloop",
    "procrastinate": "16 jobs at once, its recipe for stalled jobs",
    "eventsourcing": "16 threads; saves an aggregate only: no queue, inventory or outcome",
    INNKEEP: "as delivered: HTTP, quorum queues, prefetch 200, up to 2 x 250; API and relay stopped in the drain",
}


async def peers(*, quick: bool, seed: int, tell: Told) -> list[Figure]:
    """Rates and costs round by round in turn, then a worker of each killed again and again in mid-drain."""
    need_peers()
    rounds, count, crashed, kills = (1, 1_000, 500, 2) if quick else (5, 5_000, 2_000, 5)
    async with servers() as started:
        postgres, broker = started["postgres"].url, started["rabbitmq"].url
        session = await asyncpg.connect(postgres)
        with tempfile.TemporaryDirectory(prefix="innkeep-peers-") as directory:
            contenders = _contenders(postgres, broker, session, Path(directory))
            rates = await interleaved(
                {name: _drain(one, session, count * _times(name), seed) for name, one in contenders.items()},
                rounds,
                tell,
            )
            deaths = await _crashes(contenders, session, crashed, kills, seed, tell)
        await session.close()
    return [*_rates(rates), *deaths]


def _contenders(postgres: str, broker: str, session: Any, directory: Path) -> dict[str, Contender]:
    found = {name: Peer(name, postgres, broker, session, directory) for name in SETTINGS if name != INNKEEP}
    found[NO_QUEUE].decided = "SELECT count(*) FROM peer.application_events"
    return {**found, INNKEEP: Innkeep(postgres, broker, session, directory)}


def _times(name: str) -> int:
    return TIMES if name == INNKEEP else 1


def _drain(contender: Contender, session: Any, count: int, seed: int) -> Callable[[int], Awaitable[Drained]]:
    async def run(round_: int) -> Drained:
        return await drained(contender, session, count, seed + round_)

    return run


async def _crashes(
    contenders: Mapping[str, Contender], session: Any, count: int, kills: int, seed: int, tell: Told
) -> list[Figure]:
    """What the naive handler of each loses and doubles, and what a unique outcome a command makes of that."""
    figures: list[Figure] = []
    for name, contender in contenders.items():
        if name == NO_QUEUE:
            continue
        dies = partial(survived, contender, session, count * _times(name), seed, kills)
        if name == INNKEEP:
            tell(f"{kills} kills: {name}")
            figures += _deaths(name, await dies(once=True), most=0)
            continue
        for once, handler in ((False, "naive handler"), (True, "unique outcome")):
            tell(f"{kills} kills: {name}, {handler}")
            figures += _deaths(f"{name}, {handler}", await dies(once=once))
    return figures


def _deaths(name: str, came: Survived, most: int | None = None) -> list[Figure]:
    note = f"{came.kills} SIGKILLs in one drain"
    return [
        figure(f"lost by kills, {name}", [came.lost], "commands", at_most=most, note=note),
        figure(f"doubled by kills, {name}", [came.doubled], "decisions", at_most=most, note=note),
    ]


def _rates(found: Mapping[str, Sequence[Drained]]) -> list[Figure]:
    figures: list[Figure] = []
    for name, rounds in found.items():
        note, ours = SETTINGS[name], name == INNKEEP
        enqueued = [one.enqueued for one in rounds]
        figures += [figure(f"enqueue, {name}", enqueued, "commands/s")] if any(enqueued) else []
        figures += [
            figure(
                f"drain, {name}",
                [one.decided for one in rounds],
                "commands/s",
                at_least=6_000 if ours else None,
                note=note,
            ),
            figure(f"worker's cpu a command, {name}", [one.microseconds for one in rounds], "us"),
        ]
    others = [rounds for name, rounds in found.items() if name != INNKEEP]
    best = [max(one.decided for one in round_) for round_ in zip(*others, strict=True)]
    times = [ours.decided / other for ours, other in zip(found[INNKEEP], best, strict=True)]
    return [*figures, figure("drain, Innkeep against the best peer", times, "times", at_least=2)]
