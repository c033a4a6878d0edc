"""A flash sale: everybody wants the same nights of one hotel, until they are gone and then still."""

from typing import Final

import orjson

from benchmarks.connection import Connection
from benchmarks.figures import Figure, figure, percentile
from benchmarks.path import Round, one_round, opened_hotels
from benchmarks.rounds import Told, interleaved
from benchmarks.stand import Stand, stand
from benchmarks.work import ROOMS

CONNECTIONS: Final = 64
NIGHTS: Final = 7
MONTH: Final = "from=2027-01-01&to=2027-01-11"


async def flash_sale(*, quick: bool, seed: int, tell: Told) -> list[Figure]:
    """One hotel's share of the whole: decisions a second on seven nights, against sixteen hotels and a year."""
    rounds, seconds = (2, 4.0) if quick else (5, 8.0)
    oversold: list[int] = []
    async with stand() as standing:

        async def sale(round_: int) -> Round:
            hotels = await opened_hotels(standing, 1)
            load = {"connections": CONNECTIONS, "nights": NIGHTS}
            done = await one_round(standing, hotels, seed + round_, seconds, **load)
            sold = await _sold(standing, hotels[0])
            assert max(sold) == ROOMS, f"{max(sold)} of {ROOMS} rooms were sold: there was no rush"
            oversold.append(sum(night > ROOMS for night in sold))
            return done

        async def spread(round_: int) -> Round:
            hotels = await opened_hotels(standing, 16)
            return await one_round(standing, hotels, seed + round_, seconds, connections=CONNECTIONS)

        found = await interleaved({"one hotel": sale, "sixteen hotels": spread}, rounds, tell)
    shares = [one.rate / many.rate * 100 for one, many in zip(found["one hotel"], found["sixteen hotels"], strict=True)]
    accept = [percentile(one.sent.accept, 0.99) * 1000 for one in found["one hotel"]]
    return [
        figure("flash sale on one hotel", [one.rate for one in found["one hotel"]], "commands/s"),
        figure("the same clients over sixteen hotels", [one.rate for one in found["sixteen hotels"]], "commands/s"),
        figure("one hotel's share of the whole", shares, "%"),
        figure("flash sale: accept, p99", accept, "ms"),
        figure("flash sale: oversold nights", oversold, "nights", at_most=0),
    ]


async def _sold(standing: Stand, hotel: str) -> list[int]:
    """Rooms sold in each of the nights, as the query API says."""
    connection = Connection(standing.pair["query-api"].port)
    answer = await connection.get(f"/v1/hotels/{hotel}/availability?{MONTH}")
    connection.close()
    room_types = orjson.loads(answer.body)["room_types"]
    return [night["sold"] for room_type in room_types for night in room_type["nights"]]
