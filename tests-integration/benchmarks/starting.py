"""How long each process needs from its start until it is ready, and what it weighs then and after a soak."""

import time
from typing import Final

from benchmarks.figures import Figure, figure
from benchmarks.path import one_round, opened_hotels
from benchmarks.rounds import Told
from benchmarks.stand import stand

HOTELS: Final = 64
SOAK_SECONDS: Final = 3_600.0
QUICK_SOAK_SECONDS: Final = 60.0
LOOKS: Final = 4
RATE: Final = 200.0


async def start_up(*, quick: bool, seed: int, tell: Told) -> list[Figure]:
    """Seconds from start to ready, one process at a time, its servers up."""
    del seed
    seconds: dict[str, list[float]] = {}
    async with stand() as standing:
        for round_ in range(3 if quick else 10):
            tell(f"start {round_ + 1}")
            for name, process in standing.pair.processes.items():
                process.kill()
                started = time.monotonic()
                process.start()
                await process.ready()
                seconds.setdefault(name, []).append(time.monotonic() - started)
        sizes = standing.megabytes()
    return [
        *(figure(f"start of {name}", of_name, "s") for name, of_name in seconds.items()),
        *(figure(f"memory of {name} at rest", [size], "MB") for name, size in sizes.items()),
    ]


async def soak(*, quick: bool, seed: int, tell: Told) -> list[Figure]:
    """Memory of each process at even distances through a soak at ``RATE`` commands a second."""
    part = (QUICK_SOAK_SECONDS if quick else SOAK_SECONDS) / LOOKS
    sizes: list[dict[str, float]] = []
    async with stand() as standing:
        for look in range(LOOKS):
            hotels = await opened_hotels(standing, HOTELS)
            await one_round(standing, hotels, seed + look, part, connections=32, rate=RATE)
            sizes.append(standing.megabytes())
            tell(f"{(look + 1) * part:.0f} s: {', '.join(f'{n} {s:.0f} MB' for n, s in sizes[-1].items())}")
    note = f"{part * LOOKS:.0f} s at {RATE:.0f} commands/s; the first half is not compared"
    growth = {name: (sizes[-1][name] / sizes[1][name] - 1) * 100 for name in sizes[0]}
    return [
        *(figure(f"memory of {name} after the soak", [size], "MB") for name, size in sizes[-1].items()),
        *(
            figure(f"growth of {name} in a soak", [of_name], "%", at_most=5, note=note)
            for name, of_name in growth.items()
        ),
    ]
