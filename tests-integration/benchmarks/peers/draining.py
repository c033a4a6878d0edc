"""How fast a queue of bookings is decided, what that costs, and what becomes of it when the worker is killed."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.peers.contender import Contender
from benchmarks.processor import seconds_of

LOOK_SECONDS: Final = 0.02
FIRST_SECONDS: Final = 60.0
WARM: Final = 5
ANALYZE: Final = "ANALYZE"
"""What autovacuum does within minutes: queues of a service that has run for long are planned with statistics."""
SETTLED_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Drained:
    """``enqueued`` and ``decided`` commands a second, and processor microseconds of the worker a command.

    All but the first is counted from the time when a fifth was decided until the last, so that no start-up is in it.
    """

    enqueued: float
    decided: float
    microseconds: float


@dataclass(frozen=True, slots=True)
class Survived:
    """What so many kills did: commands without a decision, and decisions too many."""

    lost: int
    doubled: int
    kills: int


async def drained(contender: Contender, session: Any, count: int, seed: int) -> Drained:
    """Queue the bookings, then start the worker and let it decide them all."""
    await contender.prepare(once=True)
    queued, took = await contender.enqueue(count, seed)
    await session.execute(ANALYZE)
    before = await session.fetchval(contender.decided) or 0
    family = {"worker": contender.start()}
    try:
        first, first_at = await _decided(contender, session, before + queued // WARM, FIRST_SECONDS)
        first_used = seconds_of(family)["worker"]
        last, last_at = await _decided(contender, session, before + queued, contender.patience)
        used = seconds_of(family)["worker"] - first_used
        assert last == before + queued, f"{last - before} decisions on {queued} commands"
    finally:
        contender.close()
    number = last - first
    assert number > queued / 2, f"{first - before} of {queued} were decided before the first look: queue more"
    return Drained(queued / took if took else 0.0, number / (last_at - first_at), used / number * 1e6)


async def survived(contender: Contender, session: Any, count: int, seed: int, kills: int, *, once: bool) -> Survived:
    """Queue the bookings, and kill the worker so many times on its way; then let it finish whatever it still can."""
    await contender.prepare(once=once)
    queued, _ = await contender.enqueue(count, seed)
    before = await session.fetchval(contender.decided) or 0
    contender.start()
    done = 0
    try:
        for number in range(1, kills + 1):
            wanted = before + queued * number // (kills + 1)
            await _decided(contender, session, wanted, max(FIRST_SECONDS, contender.patience))
            contender.kill()
            found = await session.fetchval(contender.decided)
            assert found < before + queued, f"all {queued} were decided before kill {number}: queue more"
            done += 1
            contender.start()
        different, all_ = await _at_rest(contender, session, queued)
    finally:
        contender.close()
    return Survived(queued - different, all_ - different, done)


async def _decided(contender: Contender, session: Any, wanted: int, patience: float) -> tuple[int, float]:
    """How many are decided as soon as it is so many, and when; ``TimeoutError`` after ``patience`` without another."""
    seen, since = -1, time.monotonic()
    while True:
        found, now = await session.fetchval(contender.decided) or 0, time.monotonic()
        if found >= wanted:
            return found, now
        contender.check()
        if found > seen:
            seen, since = found, now
        elif now - since > patience:
            raise TimeoutError(f"{found} of {wanted} are decided, and for {patience:.0f} s no other")
        await asyncio.sleep(LOOK_SECONDS)


async def _at_rest(contender: Contender, session: Any, queued: int) -> tuple[int, int]:
    """Commands decided and decisions made, once all are decided and no more come, or none has come for long."""
    seen, since = (-1, -1), time.monotonic()
    while True:
        found = tuple(await session.fetchrow(contender.decisions))
        now = time.monotonic()
        if found != seen:
            seen, since = found, now
        elif now - since > (SETTLED_SECONDS if found[0] >= queued else contender.patience):
            return found
        await asyncio.sleep(10 * LOOK_SECONDS)
