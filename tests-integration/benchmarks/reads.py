"""Every question by itself, with and without its ``ETag``, and the commonest while commands run at half load."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from benchmarks.asking import Questions, Told
from benchmarks.figures import Figure, figure, percentile
from benchmarks.path import answered_by, one_round, opened_hotels
from benchmarks.processor import used
from benchmarks.rounds import Told as Tell
from benchmarks.rounds import interleaved
from benchmarks.stand import Stand, stand
from benchmarks.work import bookings

HOTELS: Final = 16
CONNECTIONS: Final = 16
RATE: Final = 200.0
HALF_OF: Final = 0.5
FILL_SECONDS: Final = 6.0
ONE_DOCUMENT: Final = "one reservation"


@dataclass(frozen=True, slots=True)
class Reading:
    """One round of questions, and the processor seconds of each part meanwhile."""

    told: Told
    processor: Mapping[str, float]

    @property
    def per_core(self) -> float:
        """Answers a second of the query API's own processor time."""
        return self.told.answers / self.processor["query-api"]


async def asked(standing: Stand, paths: list[str], seconds: float, **wanted: Any) -> Reading:
    """Ask the query API; ``AssertionError`` where it answered anything but 200 and 304."""
    questions = Questions(
        port=standing.pair["query-api"].port, paths=paths, seconds=seconds, connections=CONNECTIONS, **wanted
    )
    before = standing.processor_seconds()
    found = await answered_by("benchmarks.asking", questions)
    found.pop("processor")
    told = Told(**found)
    assert not told.failed, f"{told.failed} of {told.answers} answers of {paths[0]} were neither 200 nor 304"
    return Reading(told, used(before, standing.processor_seconds()))


def questions_of(hotels: list[str], reservations: list[tuple[str, str]]) -> dict[str, list[str]]:
    """The paths of every question, by what it asks for."""
    return {
        ONE_DOCUMENT: [f"/v1/hotels/{hotel}/reservations/{reservation}" for hotel, reservation in reservations],
        "the hotel": [f"/v1/hotels/{hotel}" for hotel in hotels],
        "availability of a month": [
            f"/v1/hotels/{hotel}/availability?from=2027-03-01&to=2027-04-01" for hotel in hotels
        ],
        "availability of a stay": [
            f"/v1/hotels/{hotel}/availability/stay?arrival=2027-03-04&departure=2027-03-06" for hotel in hotels
        ],
        "front desk of a day": [f"/v1/hotels/{hotel}/front-desk/2027-03-04" for hotel in hotels],
        "arrivals of a day": [f"/v1/hotels/{hotel}/front-desk/2027-03-04/arrivals" for hotel in hotels],
        "room rack, 100 rooms": [f"/v1/hotels/{hotel}/room-rack" for hotel in hotels],
        "statistics of a month": [f"/v1/hotels/{hotel}/statistics/2027-03" for hotel in hotels],
    }


async def reads(*, quick: bool, seed: int, tell: Tell) -> list[Figure]:
    """Requests a second and core, latency, bytes; then the same question beside commands."""
    rounds, seconds = (2, 2.0) if quick else (5, 5.0)
    async with stand() as standing:
        hotels = await opened_hotels(standing, HOTELS)
        filled = await one_round(standing, hotels, seed, FILL_SECONDS, connections=8, batch=1_600)
        tell(f"{filled.sent.accepted} bookings stand")
        source = bookings(hotels, seed)
        reservations = [(one.hotel, str(one.key)) for one in (next(source) for _ in range(2_000))]
        paths = questions_of(hotels, reservations)

        ways = {what: partial(_round, standing, of_what, seconds) for what, of_what in paths.items()}
        ways["one reservation, by its ETag"] = partial(_round, standing, paths[ONE_DOCUMENT], seconds, tagged=True)
        found = await interleaved(ways, rounds, tell)
        beside = await _beside_commands(standing, paths[ONE_DOCUMENT], seed, rounds, seconds, tell)
    figures = [one for what, readings in found.items() for one in _of_question(what, readings)]
    hits = [one.told.not_modified / one.told.answers * 100 for one in found["one reservation, by its ETag"]]
    return [*figures, figure("answers by ETag that were 304", hits, "%"), *beside]


async def _round(standing: Stand, paths: list[str], seconds: float, _: int, *, tagged: bool = False) -> Reading:
    return await asked(standing, paths, seconds, tagged=tagged)


def _of_question(what: str, readings: list[Reading]) -> list[Figure]:
    one = what == ONE_DOCUMENT
    return [
        figure(
            f"{what}: answers a second and core", [r.per_core for r in readings], "/s", at_least=3_000 if one else None
        ),
        figure(f"{what}: answers a second here", [r.told.answers / r.told.seconds for r in readings], "/s"),
        figure(
            f"{what}: p99 of {CONNECTIONS} readers",
            [percentile(r.told.times, 0.99) * 1000 for r in readings],
            "ms",
            at_most=10 if one else None,
        ),
        figure(f"{what}: size", [r.told.size / r.told.answers for r in readings], "bytes"),
    ]


async def _beside_commands(
    standing: Stand, paths: list[str], seed: int, rounds: int, seconds: float, tell: Tell
) -> list[Figure]:
    """``RATE`` questions a second, alone and while commands come at half of their highest rate."""
    highest = (await one_round(standing, await opened_hotels(standing, HOTELS), seed, seconds, connections=64)).rate

    async def alone(_: int) -> Reading:
        return await asked(standing, paths, seconds, rate=RATE)

    async def beside(round_: int) -> Reading:
        hotels = await opened_hotels(standing, HOTELS)
        sending = asyncio.create_task(
            one_round(standing, hotels, seed + round_, seconds + 1, connections=64, rate=highest * HALF_OF)
        )
        reading = await asked(standing, paths, seconds, rate=RATE)
        await sending
        return reading

    found = await interleaved({"alone": alone, "beside commands": beside}, rounds, tell)
    medians = {way: [percentile(one.told.times, 0.5) * 1000 for one in readings] for way, readings in found.items()}
    times = [busy / quiet for quiet, busy in zip(medians["alone"], medians["beside commands"], strict=True)]
    tails = [percentile(one.told.times, 0.99) * 1000 for one in found["beside commands"]]
    return [
        figure(f"one reservation at {RATE:.0f}/s, alone: p50", medians["alone"], "ms"),
        figure(f"one reservation at {RATE:.0f}/s, beside half load: p50", medians["beside commands"], "ms"),
        figure(f"one reservation at {RATE:.0f}/s, beside half load: p99", tails, "ms"),
        figure("a read beside half load against alone, p50", times, "times", at_most=1.2),
    ]
