"""The whole path, accepted to decided to visible, and the naive build of it, on the same cores in the same run."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from benchmarks.figures import Figure, figure, percentile
from benchmarks.naive.settings import scripts
from benchmarks.path import Round, one_round, opened_hotels
from benchmarks.rounds import Told, interleaved
from benchmarks.stand import Stand, stand

CONNECTIONS: Final = 64
BATCH: Final = 100
BATCH_CONNECTIONS: Final = 8
HOTELS: Final = 16
Way = Callable[[int], Awaitable[Round]]


async def against_naive(*, quick: bool, seed: int, tell: Told) -> list[Figure]:
    """Singles, ordered bodies and the naive build, round by round in turn."""
    rounds, seconds = (2, 5.0) if quick else (5, 10.0)
    async with stand() as ours, stand(scripts) as naive:

        async def singles(round_: int) -> Round:
            hotels = await opened_hotels(ours, HOTELS)
            return await one_round(ours, hotels, seed + round_, seconds, connections=CONNECTIONS)

        async def bodies(round_: int) -> Round:
            hotels = await opened_hotels(ours, HOTELS)
            return await one_round(
                ours, hotels, seed + round_, seconds, connections=BATCH_CONNECTIONS, batch=BATCH * HOTELS
            )

        async def naively(round_: int) -> Round:
            hotels = await opened_hotels(naive, HOTELS)
            return await one_round(naive, hotels, seed + round_, seconds, connections=CONNECTIONS)

        ways = {"singles": singles, "ordered bodies": bodies, "naive build": naively}
        found = await interleaved(ways, rounds, tell)
    rates = {way: [one.rate for one in of_way] for way, of_way in found.items()}
    times = [ours / naive for ours, naive in zip(rates["singles"], rates["naive build"], strict=True)]
    return [
        figure("whole path, single commands over HTTP", rates["singles"], "commands/s", at_least=1_500),
        figure("whole path, ordered bodies of 100", rates["ordered bodies"], "commands/s", at_least=3_000),
        figure("whole path, naive build", rates["naive build"], "commands/s"),
        figure("single commands against the naive build", times, "times", at_least=4),
        *(one for way, of_way in found.items() for one in costs(way, of_way)),
    ]


def costs(way: str, rounds: list[Round]) -> list[Figure]:
    """Processor time a command, by part and in all."""
    parts = [
        figure(f"cpu a command, {way}, {part}", [one.microseconds[part] for one in rounds], "us")
        for part in rounds[0].microseconds
    ]
    whole = [sum(one.microseconds.values()) for one in rounds]
    return [*parts, figure(f"cpu a command, {way}, all", whole, "us")]


async def over_hotels(*, quick: bool, seed: int, tell: Told) -> list[Figure]:
    """The same load over 1, 4, 16 and 64 hotels, with one worker and with two."""
    rounds, seconds = (1, 4.0) if quick else (3, 8.0)
    counts = (1, 4, 16, 64)
    async with _with_workers(1) as one, _with_workers(2) as two:
        ways = {
            f"{hotels} hotels, {workers} worker{'s' * (workers > 1)}": _spread(standing, hotels, seed, seconds)
            for hotels in counts
            for workers, standing in ((1, one), (2, two))
        }
        found = await interleaved(ways, rounds, tell)
    return [figure(f"whole path, {way}", [one.rate for one in of_way], "commands/s") for way, of_way in found.items()]


def _spread(standing: Stand, hotels: int, seed: int, seconds: float) -> Way:
    async def spread(round_: int) -> Round:
        opened = await opened_hotels(standing, hotels)
        return await one_round(standing, opened, seed + round_, seconds, connections=CONNECTIONS)

    return spread


@asynccontextmanager
async def _with_workers(count: int) -> AsyncIterator[Stand]:
    async with stand(workers=count, projectors=count) as standing:
        yield standing


async def latency(*, quick: bool, seed: int, tell: Told) -> list[Figure]:
    """Open loop at shares of the highest rate; latency from when a booking was due, so a stall is seen in full."""
    rounds, seconds = (1, 6.0) if quick else (3, 15.0)
    async with stand() as standing:
        hotels = await opened_hotels(standing, HOTELS)
        highest = (await one_round(standing, hotels, seed, seconds, connections=CONNECTIONS)).rate
        tell(f"highest rate {highest:.0f}/s")

        def at(share: float) -> Way:
            async def run(round_: int) -> Round:
                opened = await opened_hotels(standing, HOTELS)
                return await one_round(
                    standing, opened, seed + round_, seconds, connections=CONNECTIONS, rate=highest * share, sample=20
                )

            return run

        found = await interleaved({f"{share:.0%}": at(share) for share in (0.25, 0.5, 0.75, 1.0)}, rounds, tell)
    return [one for share, of_share in found.items() for one in _latencies(share, of_share)]


def _latencies(share: str, rounds: list[Round]) -> list[Figure]:
    half = share == "50%"
    figures = []
    for what, most in (("accept", 25), ("visible", 150)):
        values = [one.sent.accept if what == "accept" else one.sent.visible for one in rounds]
        figures += [
            figure(
                f"booked to {what} at {share} of the highest rate, p{percent}",
                [percentile(of_round, percent / 100) * 1000 for of_round in values],
                "ms",
                at_most=most if half and percent == 99 else None,
            )
            for percent in (50, 95, 99)
        ]
    return figures
