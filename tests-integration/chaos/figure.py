"""A figure: what is measured, how often, and what it must be."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from harness.world import World


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table; ``n`` is how many trials ``value`` rests on, ``note`` what a reader should know of it."""

    figure: str
    n: int
    value: str
    target: str
    met: bool
    note: str = ""


Measure = Callable[[World, int, random.Random], Awaitable[list[Result]]]
"""Measures with ``n`` trials in a healthy world; every choice comes from the dice. May raise: that is a miss."""


@dataclass(frozen=True, slots=True)
class Figure:
    """``full`` and ``quick`` are trials, and without ``quick`` it is left out of the gate; ``needs`` come before it."""

    name: str
    what: str
    target: str
    full: int
    quick: int | None
    measure: Measure
    needs: tuple[str, ...] = ()
