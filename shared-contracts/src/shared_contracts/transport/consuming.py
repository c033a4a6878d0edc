"""The consume loop: takes what the queues hold in batches, in order, and settles every delivery."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Final

import aiormq
import structlog
from aio_pika.abc import AbstractConnection
from aiormq.abc import DeliveredMessage

from shared_contracts.transport.amqp import BrokerError, connect

RECONNECT_SECONDS: Final = 0.5
CLOSE_SECONDS: Final = 2

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as it came: from which queue, and whether the broker has delivered it before."""

    queue: str
    body: bytes
    redelivered: bool
    tag: int


HandleBatch = Callable[[Sequence[Delivery]], Awaitable[None]]
"""Deals with every delivery for good before it returns; raises where it could not, and all come again, in order."""


@dataclass(slots=True)
class Consumer:
    """Consumes ``queues`` on one channel, at most ``prefetch`` unsettled of each, ``batch`` at a time.

    The queues are expected to have a single active consumer, so that a second process is a standby for each of them.
    """

    url: str
    name: str
    queues: Sequence[str]
    prefetch: int
    batch: int
    handle: HandleBatch
    connected: bool = False
    redelivered: int = 0
    _waiting: deque[Delivery] = field(default_factory=deque)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _lost: str = ""

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until ``stop``; connects again for as long as the broker or ``handle`` fails."""
        while not stop.is_set():
            try:
                await self._consume(stop)
            except BrokerError as error:
                log.warning("broker_lost", consumer=self.name, error=repr(error))
            except Exception:
                log.exception("batch_failed", consumer=self.name)
            self.connected = False
            await wait_for(stop, RECONNECT_SECONDS)

    async def _consume(self, stop: asyncio.Event) -> None:
        self._waiting.clear()
        self._lost = ""
        connection = await connect(self.url, self.name)
        try:
            channel = await self._subscribe(connection)
            self.connected = True
            while await self._something_to_do(stop, channel):
                deliveries = [self._waiting.popleft() for _ in range(min(self.batch, len(self._waiting)))]
                await self.handle(deliveries)
                await channel.basic_ack(deliveries[-1].tag, multiple=True, wait=False)
        finally:
            closing = asyncio.ensure_future(connection.close())
            await asyncio.wait([closing], timeout=CLOSE_SECONDS)

    async def _subscribe(self, connection: AbstractConnection) -> aiormq.abc.AbstractChannel:
        channel = await (await connection.channel(publisher_confirms=False)).get_underlay_channel()
        connection.close_callbacks.add(lambda *_: self._lose("connection closed"))
        channel.closing.add_done_callback(lambda _: self._lose("channel closed"))
        channel.on_consumer_cancel_callbacks.add(lambda frame: self._lose(f"consumer {frame.consumer_tag} cancelled"))
        await channel.basic_qos(prefetch_count=self.prefetch)
        for queue in self.queues:
            await channel.basic_consume(queue, self._taker(queue))
        return channel

    def _taker(self, queue: str) -> Callable[[DeliveredMessage], Coroutine[None, None, None]]:
        async def take(message: DeliveredMessage) -> None:
            tag = message.delivery_tag or 0
            again = bool(message.redelivered)
            self.redelivered += again
            self._waiting.append(Delivery(queue, message.body, again, tag))
            self._arrived.set()

        return take

    def _lose(self, reason: str) -> None:
        self._lost = self._lost or reason
        self._arrived.set()

    async def _something_to_do(self, stop: asyncio.Event, channel: aiormq.abc.AbstractChannel) -> bool:
        """Wait for deliveries; false when asked to stop, ``ConnectionError`` when the broker took the channel away."""
        while not self._waiting and not stop.is_set() and not self._lost:
            self._arrived.clear()
            await wait_for_either(self._arrived, stop)
        if self._lost or channel.is_closed:
            raise ConnectionError(self._lost or "channel closed")
        return not stop.is_set()


async def wait_for(event: asyncio.Event, seconds: float) -> bool:
    """Wait for the event at most so long; whether it is set."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


async def wait_for_either(first: asyncio.Event, second: asyncio.Event) -> None:
    """Return when either event is set."""
    await wait_for_any(None, first, second)


async def wait_for_any(seconds: float | None, *events: asyncio.Event) -> None:
    """Return when one of the events is set, or after so many seconds."""
    tasks = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
