"""What a process holds, as the kernel tells it: memory and sockets; and whether its memory grows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HOUR_SECONDS: Final = 3_600.0
BLOCK: Final = 12
"""How many samples make one value: neighbours are alike, and so many of them would feign precision."""


@dataclass(frozen=True, slots=True)
class Slope:
    """Growth in percent an hour, with its standard error; nothing is known where that is infinite."""

    percent_an_hour: float
    error: float


def resident_bytes(pid: int) -> int:
    """The memory of the process that is not swapped out."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(pid)


def sockets(pid: int) -> int:
    """How many sockets the process has open."""
    found = 0
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found += link.readlink().name.startswith("socket:")
        except FileNotFoundError:
            continue  # closed while we looked
    return found


def slope(samples: Sequence[tuple[float, float]], block: int = BLOCK) -> Slope:
    """The straight line through (seconds, bytes), each so many neighbours as one value; at least three are needed."""
    values = [_mean(samples[first : first + block]) for first in range(0, len(samples) - block + 1, block)]
    if len(values) < 3:
        return Slope(0.0, math.inf)
    middle_x, middle_y = _mean(values)
    spread = sum((x - middle_x) ** 2 for x, _ in values)
    growth = sum((x - middle_x) * (y - middle_y) for x, y in values) / spread
    rest = sum((y - middle_y - growth * (x - middle_x)) ** 2 for x, y in values)
    error = math.sqrt(rest / (len(values) - 2) / spread)
    scale = HOUR_SECONDS * 100 / middle_y
    return Slope(growth * scale, error * scale)


def later_half(samples: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """Of (seconds, bytes) in order, those of the second half of the time: when what is kept for use again is there."""
    if not samples:
        return samples
    middle = (samples[0][0] + samples[-1][0]) / 2
    return [sample for sample in samples if sample[0] >= middle]


def _mean(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)
