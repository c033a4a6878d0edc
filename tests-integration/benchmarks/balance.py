"""How evenly hotels fall on partitions and partitions on processes: simulated with the product's own two functions."""

from random import Random
from typing import Final
from zlib import crc32

from benchmarks.figures import Figure, figure
from benchmarks.rounds import Told
from shared_contracts.topology import PARTITIONS, partition_of
from shared_contracts.transport.sharing import share

HOTELS: Final = (100, 1_000, 20_000)
WORKERS: Final = (2, 4, 8, 16)
PARTITION_COUNTS: Final = (PARTITIONS, 64, 256)
TRIALS: Final = 200
SPREAD: Final = 1.0
"""Of the logarithm of a hotel's load: one hotel in forty has more than seven times the median, as rooms a hotel go."""


async def balance(*, quick: bool, seed: int, tell: Told) -> list[Figure]:
    """The busiest partition and process against the mean, over random cities of hotels; 1 is perfectly even."""
    tell("pure arithmetic")
    trials = TRIALS // 10 if quick else TRIALS
    chance = Random(seed)
    cities = {hotels: [_city(hotels, chance) for _ in range(trials)] for hotels in HOTELS}
    return [
        *(
            figure(
                f"busiest of {partitions} partitions, {hotels:,} hotels",
                [_busiest(_loads(city, partitions)) for city in cities[hotels]],
                "x mean",
            )
            for hotels in HOTELS
            for partitions in PARTITION_COUNTS
        ),
        *(
            figure(
                f"busiest of {workers} processes on {PARTITIONS} partitions, {hotels:,} hotels",
                [_busiest(_of_processes(_loads(city, PARTITIONS), workers)) for city in cities[hotels]],
                "x mean",
            )
            for hotels in HOTELS
            for workers in WORKERS
        ),
    ]


def _city(hotels: int, chance: Random) -> dict[str, float]:
    """So many hotels under random ids, each with its share of the commands."""
    return {f"{chance.getrandbits(64):016x}": chance.lognormvariate(0, SPREAD) for _ in range(hotels)}


def _loads(city: dict[str, float], partitions: int) -> list[float]:
    loads = [0.0] * partitions
    for hotel, load in city.items():
        partition = partition_of(hotel) if partitions == PARTITIONS else crc32(hotel.encode()) % partitions
        loads[partition] += load
    return loads


def _of_processes(loads: list[float], processes: int) -> list[float]:
    queues = [f"commands.{partition:02d}" for partition in range(len(loads))]
    owners = share([f"worker-{number}" for number in range(processes)], queues)
    of_process = dict.fromkeys(sorted(set(owners.values())), 0.0)
    for queue, load in zip(queues, loads, strict=True):
        of_process[owners[queue]] += load
    return list(of_process.values())


def _busiest(loads: list[float]) -> float:
    return max(loads) / (sum(loads) / len(loads))
