"""Innkeep against one traditional service: the same bookings, the same questions, the same cores, rounds in turn.

What CRUD wins is said too: its first answer is the final one, it has two parts, and it spends less on a booking.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from benchmarks.crud.mixing import Mix, Mixed
from benchmarks.crud.sides import Side, crud, innkeep
from benchmarks.figures import Figure, figure, percentile
from benchmarks.path import answered_by
from benchmarks.processor import used
from benchmarks.rounds import Told, interleaved
from benchmarks.stand import stand

HOTELS: Final = 16
CONNECTIONS: Final = 32
MIXES: Final[Mapping[str, float]] = {"60/40": 0.4, "95/5": 0.05}
FILL_SECONDS: Final = 600.0
OURS: Final = "Innkeep"
THEIRS: Final = "CRUD"
FINAL: Final = "CRUD's first answer is its final one; Innkeep's is accepted, and final is a request that waits"
PARTS: Final = "services, workers and servers that must run"


@dataclass(frozen=True, slots=True)
class Round:
    """Filled, then mixed. ``seconds`` last until all that was booked is visible; costs are in microseconds."""

    mixed: Mixed
    seconds: float
    a_booking: float
    operation: Mapping[str, float]

    @property
    def reads(self) -> float:
        """Answers a second."""
        return len(self.mixed.asked) / self.mixed.seconds

    @property
    def writes(self) -> float:
        """Bookings a second, until the last is visible."""
        return (len(self.mixed.booked) + len(self.mixed.final)) / self.seconds


async def against_crud(*, quick: bool, seed: int, tell: Told) -> list[Figure]:
    """Both mixes on both, and how much a booking alone costs each."""
    rounds, seconds, fill = (1, 5.0, 2_000) if quick else (5, 10.0, 8_000)
    async with stand() as standing, crud(standing) as theirs:
        sides: dict[str, Side] = {OURS: innkeep(standing, theirs.session), THEIRS: theirs}
        ways = {
            f"{mix}, {name}": partial(_round, side, share, seconds, fill, seed)
            for mix, share in MIXES.items()
            for name, side in sides.items()
        }
        found = await interleaved(ways, rounds, tell)
    figures = [one for way, of_way in found.items() for one in _of_way(way, of_way)]
    return [*figures, *_between(found)]


async def _round(side: Side, share: float, seconds: float, fill: int, seed: int, round_: int) -> Round:
    hotels = await side.open(HOTELS)
    mix = partial(
        Mix,
        command_port=side.command_port,
        query_port=side.query_port,
        hotels=hotels,
        connections=CONNECTIONS,
        known_seed=seed + 2 * round_,
    )
    filled, _, filling = await _mixed(
        side, mix(seed=seed + 2 * round_, seconds=FILL_SECONDS, share=1.0, known=0, most=fill)
    )
    await side.know_sizes()
    mixed, took, mixing = await _mixed(
        side, mix(seed=seed + 2 * round_ + 1, seconds=seconds, share=share, known=fill, follow=side.follows)
    )
    operations = len(mixed.asked) + len(mixed.booked) + 2 * len(mixed.final)
    return Round(
        mixed,
        took,
        sum(filling.values()) / len(filled.booked) * 1e6,
        {part: spent / operations * 1e6 for part, spent in mixing.items()},
    )


async def _mixed(side: Side, mix: Mix) -> tuple[Mixed, float, dict[str, float]]:
    """What came of the mix, the seconds until all of it was visible, and the processor seconds of each part."""
    before, started = side.processor_seconds(), time.monotonic()
    found = await answered_by("benchmarks.crud.mixing", mix)
    found.pop("processor")
    mixed = Mixed(**found)
    assert not mixed.failed, f"{mixed.failed} requests were not answered as they should be"
    await side.visible(mixed.last)
    return mixed, time.monotonic() - started, used(before, side.processor_seconds())


def _of_way(way: str, rounds: Sequence[Round]) -> list[Figure]:
    times = {
        "a question": [one.mixed.asked for one in rounds],
        "a booking, first answer": [one.mixed.booked for one in rounds],
        "a booking, final answer": [one.mixed.final or one.mixed.booked for one in rounds],
        "a booking, visible": [one.mixed.visible or one.mixed.booked for one in rounds],
    }
    return [
        figure(f"{way}: reads", [one.reads for one in rounds], "/s"),
        figure(f"{way}: bookings", [one.writes for one in rounds], "/s"),
        *(
            figure(
                f"{way}: {what}, p{percent}",
                [percentile(of_round, percent / 100) * 1000 for of_round in values],
                "ms",
                note=FINAL if "final" in what and percent == 50 else "",
            )
            for what, values in times.items()
            for percent in (50, 99)
        ),
        *(
            figure(f"{way}: cpu an operation, {part}", [one.operation[part] for one in rounds], "us")
            for part in rounds[0].operation
        ),
        figure(f"{way}: cpu an operation, all parts", [sum(one.operation.values()) for one in rounds], "us"),
        figure(f"{way}: cpu a booking alone, all parts", [one.a_booking for one in rounds], "us"),
        figure(f"{way}: parts", [len(one.operation) for one in rounds], "parts", note=PARTS),
    ]


def _between(found: Mapping[str, Sequence[Round]]) -> list[Figure]:
    """Innkeep's in CRUD's: above one Innkeep does more, or costs more."""
    figures: list[Figure] = []
    for mix in MIXES:
        pairs = list(zip(found[f"{mix}, {OURS}"], found[f"{mix}, {THEIRS}"], strict=True))
        what = f"{mix}: Innkeep against CRUD"
        figures += [
            figure(f"{what}, reads", [ours.reads / theirs.reads for ours, theirs in pairs], "times"),
            figure(f"{what}, bookings", [ours.writes / theirs.writes for ours, theirs in pairs], "times"),
            figure(f"{what}, cpu a booking", [ours.a_booking / theirs.a_booking for ours, theirs in pairs], "times"),
        ]
    return figures
