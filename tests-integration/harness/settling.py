"""When all is quiet: nothing waits to be sent or taken, and the documents hold every event. It is looked at twice."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

import httpx2

from harness.waiting import until
from harness.world import World
from shared_contracts.topology import QUEUES, UNDELIVERABLE_QUEUE
from shared_contracts.transport.amqp import waiting_in

SETTLE_SECONDS: Final = 90.0
SECOND_LOOK_SECONDS: Final = 0.3
OUTBOXES: Final = "SELECT (SELECT count(*) FROM command_outbox) + (SELECT count(*) FROM event_outbox)"
HEADS: Final = "SELECT hotel_id, position FROM hotel WHERE hotel_id = ANY ($1::text[])"


async def settle(world: World, hotels: Sequence[str], seconds: float = SETTLE_SECONDS) -> float:
    """Return when all is quiet, twice in a row; the seconds it took. ``TimeoutError`` says what is not."""
    started = time.monotonic()
    noise = ["nothing was looked at"]

    async def quiet() -> bool:
        noise[:] = await unquiet(world, hotels)
        if noise:
            return False
        await asyncio.sleep(SECOND_LOOK_SECONDS)
        noise[:] = await unquiet(world, hotels)
        return not noise

    try:
        await until(quiet, seconds)
    except TimeoutError:
        raise TimeoutError(f"not quiet within {seconds:.0f} s: {'; '.join(noise[:5])}") from None
    return time.monotonic() - started


async def unquiet(world: World, hotels: Sequence[str]) -> list[str]:
    """What still waits somewhere, in words."""
    async with world.database() as database:
        unsent = await database.fetchval(OUTBOXES)
        heads = {row["hotel_id"]: row["position"] for row in await database.fetch(HEADS, hotels)}
    found = [f"{unsent} rows are unsent"] if unsent else []
    queues = [queue.name for queue in QUEUES if queue.name != UNDELIVERABLE_QUEUE]
    waiting = await waiting_in(world.servers["rabbitmq"].url, queues)
    found += [f"{count} wait in {queue}" for queue, count in waiting.items() if count]
    shown = await asyncio.gather(*(_shows(world, hotel, head) for hotel, head in heads.items() if head))
    return found + [reason for reason in shown if reason]


async def _shows(world: World, hotel: str, head: int) -> str:
    url = f"{world.query_url}/v1/hotels/{hotel}"
    try:
        answer = await world.client.get(url, params={"min_position": head})
    except httpx2.HTTPError as error:
        return f"{url}: {error!r}"
    return "" if answer.status_code == 200 else f"{url}: {answer.status_code} for position {head}"
