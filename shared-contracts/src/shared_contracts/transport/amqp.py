"""The only place that opens an AMQP connection, and declares or checks what is on the broker."""

import asyncio
import socket
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import aio_pika
import aiormq
from aio_pika.abc import AbstractConnection
from aiormq.connection import TCPTransportFactory, TLSTransportFactory, TransportFactory
from yarl import URL

from shared_contracts.topology import EXCHANGES, QUEUES
from shared_contracts.transport.deliveries import Deliveries

CONNECT_SECONDS: Final = 10
HEARTBEAT_SECONDS: Final = 3
LOOK_SECONDS: Final = 15
CLOSE_SECONDS: Final = 1
CLOSED: Final = "the connection was closed"
DISCARD: Final = struct.pack("ii", 1, 0)

BrokerError = (
    aio_pika.exceptions.AMQPError,
    aiormq.exceptions.ChannelInvalidStateError,
    OSError,
    TimeoutError,
)
"""What a broker that is down, going down or refusing raises: connect again, later."""


@contextmanager
def given_up_is_closed() -> Iterator[None]:
    """``ConnectionError`` for the ``CancelledError`` with which aiormq gives a connection up, and which is nobody's."""
    try:
        yield
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise ConnectionError(CLOSED) from None


class Line(TransportFactory):
    """The socket under one connection, which can be cut. ``deliveries`` are taken out of what comes."""

    def __init__(self, deliveries: Deliveries | None = None) -> None:
        """Not open yet."""
        self._deliveries = deliveries
        self._writer: asyncio.StreamWriter | None = None

    async def create(self, url: URL, **options: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open it."""
        factory = TLSTransportFactory() if url.scheme == "amqps" else TCPTransportFactory()
        reader, self._writer = await factory.create(url, **options)
        if self._deliveries is not None:
            self._deliveries.stand_before(reader)
        return reader, self._writer

    def cut(self) -> None:
        """Close it at once; what has been written and has not left this machine never does."""
        if self._writer is None:
            return
        line = self._writer.get_extra_info("socket")
        if line is not None:  # as uvloop says of one that is closed
            with suppress(OSError):
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, DISCARD)
        self._writer.transport.abort()


async def connect(url: str, name: str) -> AbstractConnection:
    """A plain connection under a name the broker shows. It does not mend itself: who holds it connects again."""
    return await aio_pika.connect(
        url,
        timeout=CONNECT_SECONDS,
        heartbeat=HEARTBEAT_SECONDS,
        client_properties={"connection_name": name},
    )


async def connect_with_line(
    url: str, name: str, deliveries: Deliveries | None = None
) -> tuple[aiormq.Connection, Line]:
    """As ``connect``, without aio_pika around it, and with the socket under it."""
    line = Line(deliveries)
    address = URL(url).update_query(heartbeat=HEARTBEAT_SECONDS)
    connection = aiormq.Connection(address, client_properties={"connection_name": name}, transport_factory=line)
    async with asyncio.timeout(CONNECT_SECONDS):
        await connection.connect()
    return connection, line


async def close(connection: aiormq.Connection | AbstractConnection) -> None:
    """Say goodbye, and do not wait for long."""
    await asyncio.wait([asyncio.ensure_future(connection.close())], timeout=CLOSE_SECONDS)


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
    """How many messages wait in each of the queues; ``BrokerError`` where one does not exist or does not answer."""
    connection = await connect(url, "innkeep-looks")
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            channel = await connection.channel()
            declared = [await channel.declare_queue(queue, passive=True) for queue in queues]
    finally:
        await close(connection)
    return {queue.name: queue.declaration_result.message_count or 0 for queue in declared}
