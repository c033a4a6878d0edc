"""The only place that opens an AMQP connection, and declares or checks what is on the broker."""

from collections.abc import Iterable
from typing import Final

import aio_pika
import aiormq
from aio_pika.abc import AbstractChannel, AbstractConnection

from shared_contracts.topology import EXCHANGES, QUEUES

CONNECT_SECONDS: Final = 10
HEARTBEAT_SECONDS: Final = 10

BrokerError = (
    aio_pika.exceptions.AMQPError,
    aiormq.exceptions.ChannelInvalidStateError,
    OSError,
    TimeoutError,
)
"""What a broker that is down, going down or refusing raises: connect again, later."""


async def connect(url: str, name: str) -> AbstractConnection:
    """A plain connection under a name the broker shows. It does not mend itself: who holds it connects again."""
    return await aio_pika.connect(
        url,
        timeout=CONNECT_SECONDS,
        heartbeat=HEARTBEAT_SECONDS,
        client_properties={"connection_name": name},
    )


async def publishing_channel(connection: AbstractConnection) -> AbstractChannel:
    """A channel with confirms on which a message that reaches no queue raises."""
    return await connection.channel(publisher_confirms=True, on_return_raises=True)


async def declare_topology(url: str) -> None:
    """Declare every exchange and queue; idempotent. For the deploying user, not for the processes."""
    connection = await connect(url, "innkeep-migrate")
    async with connection:
        channel = await connection.channel()
        exchanges = {e.name: await channel.declare_exchange(e.name, e.kind, durable=True) for e in EXCHANGES}
        for queue in QUEUES:
            declared = await channel.declare_queue(queue.name, durable=True, arguments={**queue.arguments})
            await declared.bind(exchanges[queue.exchange], queue.key)


async def waiting_in(url: str, queues: Iterable[str]) -> dict[str, int]:
    """How many messages wait in each of the queues; ``BrokerError`` where one does not exist."""
    connection = await connect(url, "innkeep-looks")
    async with connection:
        channel = await connection.channel()
        declared = [await channel.declare_queue(queue, passive=True) for queue in queues]
    return {queue.name: queue.declaration_result.message_count or 0 for queue in declared}
