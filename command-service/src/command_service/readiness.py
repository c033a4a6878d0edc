"""What each process needs in order to work, asked when somebody wants to know."""

import asyncio
from typing import Final

from command_service.database import DatabaseDownError, Pool
from command_service.migrating import migrations
from command_service.relay import Relay
from shared_contracts.transport.consuming import Consumer
from shared_contracts.transport.observing import Readiness, ReadinessCheck

READINESS_SECONDS: Final = 2
BEHIND_SECONDS: Final = 10


def api_readiness(pool: Pool) -> ReadinessCheck:
    """Ready while PostgreSQL answers with the schema of this release."""

    async def check() -> Readiness:
        return Readiness(missing=await _database(pool))

    return check


def worker_readiness(pool: Pool, consumer: Consumer) -> ReadinessCheck:
    """Ready while PostgreSQL answers and the queues are consumed, or stood by for."""

    async def check() -> Readiness:
        missing = await _database(pool)
        if not consumer.connected:
            missing["rabbitmq"] = "not consuming: is it up, and has `command-service migrate` declared the queues?"
        return Readiness(missing=missing)

    return check


def relay_readiness(pool: Pool, relay: Relay) -> ReadinessCheck:
    """Ready while it sends or stands by; ``behind`` tells how long the oldest row has waited."""

    async def check() -> Readiness:
        missing = await _database(pool)
        if relay.trouble:
            missing["relay"] = relay.trouble
        behind = {
            kind: f"the oldest has waited for {seconds:.0f} s"
            for kind, seconds in relay.waited.items()
            if seconds > BEHIND_SECONDS
        }
        if not relay.leading:
            behind["relay"] = "standing by for the active one"
        return Readiness(missing, behind)

    return check


async def _database(pool: Pool) -> dict[str, str]:
    try:
        async with asyncio.timeout(READINESS_SECONDS):
            rows = await pool.fetch("SELECT name FROM migration")
    except DatabaseDownError as error:
        return {"postgresql": f"does not answer: {type(error).__name__}"}
    except Exception as error:  # noqa: BLE001  # whatever it is, it is what is missing
        return {"postgresql": f"run `command-service migrate`: {type(error).__name__}"}
    absent = [name for name, _ in migrations() if name not in {row["name"] for row in rows}]
    return {"postgresql": f"run `command-service migrate`: {', '.join(absent)}"} if absent else {}
