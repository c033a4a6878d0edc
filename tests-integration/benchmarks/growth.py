"""How the cost of a command grows with what is stored, and what each process and each store needs for it.

What is stored is in hotels that nobody speaks to any more; measured is always on as many hotels that have just opened.
So only the amount differs. A fuller hotel costs more, whatever else is stored, as its lists are longer: that is a
figure of its own.
"""

from pathlib import Path
from typing import Final

from benchmarks.figures import Figure, figure
from benchmarks.path import LOAD, Round, one_round, opened_hotels
from benchmarks.rounds import Told
from benchmarks.stand import Stand, stand

HOTELS: Final = 64
BODIES: Final = {"connections": 8, "batch": 100 * HOTELS}
FULL: Final = (1_000, 10_000, 100_000, 1_000_000)
QUICK: Final = (1_000, 10_000, 30_000)
FIRST: Final = 10_000
MOST_A_HOTEL: Final = 2_000
FULLER: Final = 10_000
FULLER_HOTELS: Final = 4
MEASURED: Final = 6_400
FILL_SECONDS: Final = 3_600.0
WARM_SECONDS: Final = 8.0


async def growth(*, quick: bool, seed: int, tell: Told) -> list[Figure]:
    """Processor time a command and memory of each process at growing numbers of commands stored."""
    figures: list[Figure] = []
    costs: dict[int, float] = {}
    async with stand() as standing:
        warm = await one_round(standing, await opened_hotels(standing, HOTELS), seed, WARM_SECONDS, **BODIES)
        stored = 0
        for wanted in QUICK if quick else FULL:
            while stored < wanted:
                stored += await _fill(standing, seed + stored, min(wanted - stored, HOTELS * MOST_A_HOTEL))
                tell(f"{stored:,} commands stored")
            hotels = await opened_hotels(standing, HOTELS)
            measured = await one_round(standing, hotels, seed + stored, FILL_SECONDS, most=MEASURED, **BODIES)
            stored += measured.sent.accepted
            costs[wanted] = _cost(measured)
            note = f"{measured.sent.accepted:,} commands from there on"
            figures += [
                figure(f"cpu a command with {wanted:,} stored", [costs[wanted]], "us", note=note),
                *_memory(standing, f"with {wanted:,} stored"),
            ]
        figures += _sizes(standing, stored + warm.sent.accepted)
        figures += await _fuller(standing, seed, quick=quick)
    last = max(costs)
    times = costs[last] / costs[FIRST]
    return [
        *figures,
        figure(f"cost a command at {last:,} stored against {FIRST:,}", [times], "times", at_most=1.3),
    ]


async def _fill(standing: Stand, seed: int, most: int) -> int:
    """Book so much in hotels of its own; how much it was."""
    hotels = await opened_hotels(standing, HOTELS)
    filled = await one_round(standing, hotels, seed, FILL_SECONDS, most=most, **BODIES)
    return filled.sent.accepted


async def _fuller(standing: Stand, seed: int, *, quick: bool) -> list[Figure]:
    """What a command costs in hotels that have few bookings, and in the same when they have many."""
    hotels, wanted = await opened_hotels(standing, FULLER_HOTELS), FULLER // (10 if quick else 1)
    bodies = {"connections": 8, "batch": 100 * FULLER_HOTELS}
    found: list[Figure] = []
    booked = 0
    for most in (0, wanted):
        if booked < most:
            left = (most - booked) * FULLER_HOTELS
            filled = await one_round(standing, hotels, seed + 1, FILL_SECONDS, most=left, **bodies)
            booked += filled.sent.accepted // FULLER_HOTELS
        measured = await one_round(standing, hotels, seed + 2 + booked, FILL_SECONDS, most=MEASURED // 2, **bodies)
        note = f"{FULLER_HOTELS} hotels of 300 rooms, {measured.sent.accepted:,} commands from there on"
        found.append(figure(f"cpu a command in hotels with {most:,} bookings", [_cost(measured)], "us", note=note))
        booked += measured.sent.accepted // FULLER_HOTELS
    return found


def _cost(measured: Round) -> float:
    return sum(spent for part, spent in measured.microseconds.items() if part != LOAD)


def _memory(standing: Stand, when: str) -> list[Figure]:
    return [figure(f"memory of {name} {when}", [size], "MB") for name, size in standing.megabytes().items()]


def _sizes(standing: Stand, stored: int) -> list[Figure]:
    """Bytes on disk a booking, logs and empty server included; the document store is the stand-in of this machine."""
    return [
        figure(f"disk a booking, {name}", [_size(server.directory) / stored], "bytes", note=f"{stored:,} bookings")
        for name, server in standing.servers.items()
    ]


def _size(directory: Path) -> int:
    return sum(found.lstat().st_size for found in directory.rglob("*") if found.is_file() and not found.is_symlink())
