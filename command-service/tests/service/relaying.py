"""Relays on real servers, and what waits for them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from command_service.acceptance import Acceptance, Answer
from command_service.database import Pool
from command_service.metrics import ApiMetrics, RelayMetrics
from command_service.outbox import COMMANDS, EVENTS
from command_service.relay import Relay
from command_service.sending import Sender
from orders import ordered
from seaside import book
from shared_contracts.transport.consuming import Consumer, Delivery
from shared_contracts.transport.outgoing import Outgoing
from shared_contracts.transport.publishing import Publisher

SOON = 30
NOWHERE = "amqp://innkeep:x@127.0.0.1:9/innkeep"


def relay_on(postgres_url: str, broker: str, *, events: Publisher | None = None) -> Relay:
    metrics = RelayMetrics(CollectorRegistry())
    commands = Sender(COMMANDS, Publisher(broker, "test-commands"), metrics)
    return Relay(
        SecretStr(postgres_url),
        broker,
        commands,
        Sender(EVENTS, events or Publisher(broker, "test-events"), metrics),
        metrics,
    )


@asynccontextmanager
async def running(*relays: Relay) -> AsyncIterator[None]:
    stop = asyncio.Event()
    tasks = [asyncio.create_task(relay.run(stop)) for relay in relays]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)


@asynccontextmanager
async def running_until_cancelled(relay: Relay) -> AsyncIterator[None]:
    task = asyncio.create_task(relay.run(asyncio.Event()))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def taken(broker: str, queue: str, count: int) -> list[Delivery]:
    """The first messages of a queue, acknowledged."""
    got: list[Delivery] = []
    stop = asyncio.Event()

    async def handle(batch: Sequence[Delivery]) -> None:
        got.extend(batch)
        if len(got) >= count:
            stop.set()

    async with asyncio.timeout(SOON):
        await Consumer(broker, "test", [queue], 50, 50, handle).run(stop)
    return got


async def accept(database: Pool, hotel_id: str, count: int) -> list:
    acceptance = Acceptance(database, ApiMetrics(CollectorRegistry()))
    stop = asyncio.Event()
    loop = asyncio.create_task(acceptance.run(stop))
    commands = [ordered(hotel_id, book(5, 6)) for _ in range(count)]
    assert set(await acceptance.accept(commands)) == {Answer.ACCEPTED}
    stop.set()
    await loop
    return commands


async def unsent(database: Pool) -> int:
    return int(
        await database.fetchval("SELECT (SELECT count(*) FROM command_outbox) + (SELECT count(*) FROM event_outbox)")
    )


async def only_unsent(database: Pool, count: int) -> bool:
    return await unsent(database) == count


async def all_sent(database: Pool) -> bool:
    return await only_unsent(database, 0)


class Stuck(Publisher):
    """Never has an answer; counts how many wait for one at once."""

    entered = inside = most = 0

    async def publish(self, messages: Sequence[Outgoing], seconds: float = 0) -> None:  # noqa: ARG002
        self.entered += 1
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            await asyncio.Event().wait()
        finally:
            self.inside -= 1


async def ends_sessions(database: Pool, name: str) -> None:
    await database.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE $1", name
    )
