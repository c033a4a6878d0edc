"""Reads what is on record: PostgreSQL by SQL, which only checks do; documents by the query API and its command line."""

import asyncio
import os
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final, TypeAlias

import asyncpg
import orjson

from checks.evidence import Evidence, Parked, StoredEvent, StoredOutcome
from harness.history import History
from harness.world import World, script
from shared_contracts.envelope import decode_event
from shared_contracts.topology import QUEUES
from shared_contracts.transport.amqp import waiting_in

Database: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

COMMANDS: Final = "SELECT id, hotel_id FROM command WHERE hotel_id = ANY ($1::text[])"
OUTCOMES: Final = "SELECT * FROM outcome WHERE hotel_id = ANY ($1::text[])"
EVENTS: Final = (
    "SELECT hotel_id, message, xmin::text FROM event WHERE hotel_id = ANY ($1::text[]) ORDER BY hotel_id, position"
)
HEADS: Final = "SELECT hotel_id, position FROM hotel WHERE hotel_id = ANY ($1::text[])"
OUTBOXES: Final = """
SELECT (SELECT count(*) FROM command_outbox) AS command_outbox, (SELECT count(*) FROM event_outbox) AS event_outbox
"""
PARKED: Final = "SELECT command_id, body FROM parked"
MAX_NIGHTS_SERVED: Final = 92


async def gather(world: World, history: History, hotels: Sequence[str]) -> Evidence:
    """All that is on record of the hotels, once all is quiet; what waits and what is parked is everybody's."""
    async with world.database() as database:
        outboxes = dict(await database.fetchrow(OUTBOXES) or {})
        return Evidence(
            history=history,
            commands={str(row["id"]): row["hotel_id"] for row in await database.fetch(COMMANDS, hotels)},
            outcomes={str(row["command_id"]): _outcome(row) for row in await database.fetch(OUTCOMES, hotels)},
            streams=await _streams(database, hotels),
            heads={row["hotel_id"]: row["position"] for row in await database.fetch(HEADS, hotels)},
            waiting=outboxes | await waiting_in(world.servers["rabbitmq"].url, [queue.name for queue in QUEUES]),
            parked=await _parked(world, database),
            planted=world.tallies.planted,
            reports=await reconciled(world, "query-service", hotels),
            availability=await _availability(world, hotels),
        )


async def _streams(database: Database, hotels: Sequence[str]) -> dict[str, list[StoredEvent]]:
    streams: dict[str, list[StoredEvent]] = {hotel: [] for hotel in hotels}
    for row in await database.fetch(EVENTS, hotels):
        streams[row["hotel_id"]].append(StoredEvent(decode_event(row["message"].encode()), row["xmin"]))
    return streams


def _outcome(row: asyncpg.Record) -> StoredOutcome:
    facts: dict[str, Any] = orjson.loads(row["facts"] or "{}")
    return StoredOutcome(
        command_id=str(row["command_id"]),
        hotel_id=row["hotel_id"],
        status=row["status"],
        position=row["position"],
        code=row["code"] or "",
        nights=tuple(facts.get("nights", ())),
    )


async def parked_now(world: World) -> Parked:
    """What waits for an operator, whoever's it is."""
    async with world.database() as database:
        return await _parked(world, database)


async def _parked(world: World, database: Database) -> Parked:
    rows = await database.fetch(PARKED)
    lines = await run_lines(world, "query-service", "parked", "list")
    return Parked(
        bodies=[row["body"] for row in rows if row["command_id"] is None],
        commands=[str(row["command_id"]) for row in rows if row["command_id"] is not None],
        messages=[line["_id"] for line in lines if "queue" in line],
        hotels=[line["_id"] for line in lines if "queue" not in line],
    )


async def reconciled(world: World, service: str, hotels: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What the service's ``reconcile`` reports, by hotel, of those of the hotels that it knows."""
    lines = await run_lines(world, service, "reconcile")
    return {line["hotel_id"]: line for line in lines if line["hotel_id"] in hotels}


async def run_lines(world: World, name: str, *arguments: str) -> list[dict[str, Any]]:
    """Run a command line of the services; the JSON lines that it prints, whatever its exit status."""
    environment = {**os.environ, **world.pair.environment}
    process = await asyncio.create_subprocess_exec(
        script(name), *arguments, env=environment, stdout=PIPE, stderr=DEVNULL
    )
    output, _ = await process.communicate()
    return [orjson.loads(line) for line in output.splitlines()]


async def _availability(world: World, hotels: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The calendar that is served around each hotel's business date."""
    answers = {}
    for hotel in hotels:
        own = f"{world.query_url}/v1/hotels/{hotel}"
        today = date.fromisoformat((await world.client.get(own)).raise_for_status().json()["business_date"])
        first = today - timedelta(days=MAX_NIGHTS_SERVED // 3)
        window = {"from": first.isoformat(), "to": (first + timedelta(days=MAX_NIGHTS_SERVED)).isoformat()}
        answers[hotel] = (await world.client.get(f"{own}/availability", params=window)).raise_for_status().json()
    return answers
