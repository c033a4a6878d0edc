"""What a network does to a connection, as values, and what that means for the next bytes. Pure: the dice are given."""

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, assert_never

TICK_SECONDS: Final = 0.05
SLICE_PAUSE_SECONDS: Final = 0.001


class Way(StrEnum):
    """From the client to the server, or back."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Pass:
    """All is well."""


@dataclass(frozen=True, slots=True)
class Delay:
    """Each piece waits for so many seconds, and up to ``jitter`` more."""

    seconds: float
    jitter: float = 0.0


@dataclass(frozen=True, slots=True)
class Slow:
    """So many bytes a second, each way of each connection."""

    bytes_per_second: int


@dataclass(frozen=True, slots=True)
class Slice:
    """Pieces of 1 to ``most`` bytes, each sent by itself."""

    most: int


@dataclass(frozen=True, slots=True)
class CutAfter:
    """Reset both ends of a connection once so many bytes have passed on that way since the fault began."""

    count: int
    way: Way = Way.UP


@dataclass(frozen=True, slots=True)
class CutAt:
    """Reset both ends where the pattern comes by: before it has passed whole, or, ``forwarded``, instead of its answer.

    Cuts ``times`` connections, and lets everything pass from then on.
    """

    pattern: bytes
    way: Way = Way.UP
    forwarded: bool = False
    times: int = 1


@dataclass(frozen=True, slots=True)
class Reset:
    """Reset every connection, also each new one."""


@dataclass(frozen=True, slots=True)
class BlackHole:
    """Nothing passes, and nobody is told: connections stay, also when their other end is gone."""


@dataclass(frozen=True, slots=True)
class HalfOpen:
    """Nothing passes on one way."""

    dead: Way


@dataclass(frozen=True, slots=True)
class Refuse:
    """Nobody listens, and every connection is reset."""


Fault = Pass | Delay | Slow | Slice | CutAfter | CutAt | Reset | BlackHole | HalfOpen | Refuse


@dataclass(frozen=True, slots=True)
class Passed:
    """What has passed on one way of a connection since the fault began: how much, and its end."""

    count: int = 0
    end: bytes = b""


@dataclass(frozen=True, slots=True)
class Step:
    """Wait, forward so many bytes, and then perhaps cut: at once, or when the answer comes."""

    count: int
    wait: float = 0.0
    cut: bool = False
    cut_answer: bool = False


def stops(fault: Fault, way: Way) -> bool:
    """Whether nothing passes that way for as long as the fault lasts."""
    match fault:
        case BlackHole():
            return True
        case HalfOpen(dead):
            return way is dead
        case _:
            return False


def next_step(fault: Fault, way: Way, piece: bytes, passed: Passed, rng: random.Random) -> Step:
    """What becomes of the piece, which is not empty, on a way that is not stopped; its rest is asked for again."""
    match fault:
        case Pass() | BlackHole() | HalfOpen():
            return Step(len(piece))
        case Delay(seconds, jitter):
            return Step(len(piece), wait=seconds + rng.uniform(0.0, jitter))
        case Slow(rate):
            count = min(len(piece), max(1, round(rate * TICK_SECONDS)))
            return Step(count, wait=count / rate)
        case Slice(most):
            return Step(min(len(piece), rng.randint(1, most)), wait=SLICE_PAUSE_SECONDS)
        case CutAfter(count, on):
            left = max(0, count - passed.count)
            return Step(left, cut=True) if way is on and len(piece) >= left else Step(len(piece))
        case CutAt():
            return _at_pattern(fault, way, piece, passed)
        case Reset() | Refuse():
            return Step(0, cut=True)
        case _:
            assert_never(fault)


def passed_on(fault: Fault, before: Passed, sent: bytes) -> Passed:
    """What has passed, with these bytes; of its end as much as a pattern may begin with."""
    kept = len(fault.pattern) - 1 if isinstance(fault, CutAt) else 0
    end = (before.end + sent)[-kept:] if kept else b""
    return Passed(before.count + len(sent), end)


def _at_pattern(fault: CutAt, way: Way, piece: bytes, passed: Passed) -> Step:
    found = (passed.end + piece).find(fault.pattern) if way is fault.way and fault.times > 0 else -1
    if found < 0:
        return Step(len(piece))
    if fault.forwarded:
        return Step(len(piece), cut_answer=True)
    return Step(max(0, found - len(passed.end)), cut=True)
