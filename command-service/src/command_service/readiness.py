"""What each process needs in order to work, asked when somebody wants to know."""

import asyncio
from typing import Final

from command_service.database import DatabaseDownError, Pool, UnfitDatabaseError
from command_service.durability import Durability
from command_service.migrating import migrations
from command_service.relay import Relay
from command_service.settings import BEHIND_SECONDS, READINESS_SECONDS
from shared_contracts.transport.consuming import Consumer
from shared_contracts.transport.observing import Readiness, ReadinessCheck
from shared_contracts.transport.sharing import behind_in_sharing

NAMES: Final = "SELECT name, current_setting('transaction_read_only') = 'on' AS read_only FROM migration"
READ_ONLY: Final = "is read-only: is it a standby, or has it been told to write nothing?"


class DatabaseProbe:
    """Asks PostgreSQL, one question at a time however many want to know, and never waits for long."""

    def __init__(self, pool: Pool) -> None:
        """Remember whom to ask."""
        self._pool = pool
        self.durability = Durability()
        self._asking: asyncio.Task[dict[str, str]] | None = None

    async def missing(self) -> dict[str, str]:
        """What is missing; answers within ``READINESS_SECONDS``, also when the server holds still."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        # Not cancelled: a pool waits for the server even when it takes back a connection that nobody waits for.
        await asyncio.wait([self._asking], timeout=READINESS_SECONDS)
        if not self._asking.done():
            return {"postgresql": f"does not answer within {READINESS_SECONDS} s"}
        return dict(self._asking.result())

    async def _ask(self) -> dict[str, str]:
        missing = await _missing(self._pool)
        if not missing:
            await self.durability.look(self._pool)
        return missing


def api_readiness(pool: Pool) -> ReadinessCheck:
    """Ready while PostgreSQL answers with the schema of this release."""
    probe = DatabaseProbe(pool)

    async def check() -> Readiness:
        return Readiness(await probe.missing(), probe.durability.weakened)

    return check


def worker_readiness(pool: Pool, consumer: Consumer) -> ReadinessCheck:
    """Ready while PostgreSQL answers and the queues are consumed, or stood by for."""
    probe = DatabaseProbe(pool)

    async def check() -> Readiness:
        missing = await probe.missing()
        if not consumer.connected:
            missing["rabbitmq"] = "not consuming: is it up, and has `command-service migrate` declared the queues?"
        return Readiness(missing, {**probe.durability.weakened, **behind_in_sharing(consumer.sharing)})

    return check


def relay_readiness(pool: Pool, relay: Relay) -> ReadinessCheck:
    """Ready while it sends or stands by; ``behind`` tells how long the oldest row has waited by now."""
    probe = DatabaseProbe(pool)

    async def check() -> Readiness:
        missing = await probe.missing()
        if relay.trouble:
            missing.setdefault("postgresql", relay.trouble)
        behind = dict(probe.durability.weakened)
        for sender in (relay.commands, relay.events):
            kind = sender.outbox.kind
            if sender.trouble:
                missing[f"{kind}s"] = sender.trouble
            for partition, held in sender.holding.partitions.items():
                missing[f"{kind}s.{partition:02d}"] = f"rabbitmq does not take them: {held.reason}"
            if (seconds := sender.waited()) > BEHIND_SECONDS:
                behind[kind] = f"the oldest has waited for {seconds:.0f} s"
        if not relay.leading:
            behind["relay"] = "standing by for the active one"
        for aside in relay.asides:
            behind |= aside.behind()
        return Readiness(missing, behind)

    return check


async def _missing(pool: Pool) -> dict[str, str]:
    try:
        rows = await pool.fetch(NAMES, timeout=READINESS_SECONDS)
    except UnfitDatabaseError as error:
        return {"postgresql": f"run `command-service migrate`: {type(error).__name__}"}
    except DatabaseDownError as error:
        return {"postgresql": f"does not answer: {type(error).__name__}"}
    except Exception as error:  # noqa: BLE001  # whatever it is, it is what is missing
        return {"postgresql": f"run `command-service migrate`: {type(error).__name__}"}
    absent = [name for name, _ in migrations() if name not in {row["name"] for row in rows}]
    if absent:
        return {"postgresql": f"run `command-service migrate`: {', '.join(absent)}"}
    return {"postgresql": READ_ONLY} if rows[0]["read_only"] else {}
