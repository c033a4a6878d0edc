"""What a benchmark says in the end: named values with their range, their targets, and whether those are met."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

Verdict = Literal["met", "missed", "-"]


@dataclass(frozen=True, slots=True)
class Figure:
    """The median of ``rounds`` values and their range. ``at_least`` and ``at_most`` are its target, if it has one."""

    name: str
    value: float
    unit: str
    low: float
    high: float
    rounds: int
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""

    @property
    def verdict(self) -> Verdict:
        """Whether the median meets the target."""
        if self.at_least is None and self.at_most is None:
            return "-"
        enough = self.at_least is None or self.value >= self.at_least
        little = self.at_most is None or self.value <= self.at_most
        return "met" if enough and little else "missed"

    @property
    def target(self) -> str:
        """The target, for people."""
        if self.at_least is not None:
            return f">= {plain(self.at_least)}"
        return "-" if self.at_most is None else f"<= {plain(self.at_most)}"


def figure(
    name: str,
    values: Sequence[float],
    unit: str,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    note: str = "",
) -> Figure:
    """The figure of one value a round; ``ValueError`` where there is none."""
    if not values:
        raise ValueError(f"{name}: nothing was measured")
    return Figure(name, median(values), unit, min(values), max(values), len(values), at_least, at_most, note)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed (nearest rank)."""
    if not values:
        raise ValueError("nothing was measured")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 10_000) * len(ordered) // 10_000) - 1))]


def plain(value: float) -> str:
    """A number as people read it: as many digits as mean something."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def line(one: Figure) -> str:
    """``name  value  unit  target  met|missed``."""
    spread = f"[{plain(one.low)}-{plain(one.high)}]" if one.rounds > 1 else ""
    value = f"{plain(one.value)} {spread}".strip()
    return f"{one.name:<58} {value:<28} {one.unit:<12} {one.target:<12} {one.verdict}"
