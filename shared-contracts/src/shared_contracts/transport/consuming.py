"""The consume loop: takes what the queues hold in batches, in order, and settles every delivery."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Final

import aiormq
import structlog
from aiormq.abc import DeliveredMessage

from shared_contracts.transport.amqp import BrokerError, connect

RECONNECT_SECONDS: Final = 0.5
CLOSE_SECONDS: Final = 2
DELIVERY_COUNT: Final = "x-delivery-count"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as it came: from which queue, and how often the broker had delivered it before."""

    queue: str
    body: bytes
    tag: int
    count: int = 0
    message_id: str = ""


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
        connection = await connect(self.url, self.name)
        try:
            channel = await (await connection.channel(publisher_confirms=False)).get_underlay_channel()
            inbox = _Inbox(channel)
            await channel.basic_qos(prefetch_count=self.prefetch)
            for queue in self.queues:
                await channel.basic_consume(queue, inbox.taker(queue))
            self.connected = True
            while await inbox.something(stop):
                deliveries = inbox.take(self.batch)
                self.redelivered += sum(delivery.count > 0 for delivery in deliveries)
                await self.handle(deliveries)
                await channel.basic_ack(deliveries[-1].tag, multiple=True, wait=False)
        finally:
            closing = asyncio.ensure_future(connection.close())
            await asyncio.wait([closing], timeout=CLOSE_SECONDS)


class _Inbox:
    """What one channel has delivered and nobody has taken yet. A late word of an old channel stays in its own inbox."""

    def __init__(self, channel: aiormq.abc.AbstractChannel) -> None:
        self._channel = channel
        self._waiting: deque[Delivery] = deque()
        self._arrived = asyncio.Event()
        self._lost = ""
        channel.closing.add_done_callback(lambda _: self._lose("channel closed"))
        channel.on_consumer_cancel_callbacks.add(lambda frame: self._lose(f"consumer {frame.consumer_tag} cancelled"))

    def taker(self, queue: str) -> Callable[[DeliveredMessage], Coroutine[None, None, None]]:
        """The callback of a queue's consumer."""

        async def take(message: DeliveredMessage) -> None:
            properties = message.header.properties
            count = (properties.headers or {}).get(DELIVERY_COUNT, int(bool(message.redelivered)))
            tag, message_id = message.delivery_tag or 0, properties.message_id or ""
            times = count if isinstance(count, int) else 0
            self._waiting.append(Delivery(queue, message.body, tag, times, message_id))
            self._arrived.set()

        return take

    def take(self, most: int) -> list[Delivery]:
        """The next deliveries, in order."""
        return [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]

    async def something(self, stop: asyncio.Event) -> bool:
        """Wait for deliveries; false when asked to stop, ``ConnectionError`` when the broker took the channel away."""
        while not self._waiting and not stop.is_set() and not self._lost:
            self._arrived.clear()
            await wait_for_either(self._arrived, stop)
        if self._lost or self._channel.is_closed:
            raise ConnectionError(self._lost or "channel closed")
        return not stop.is_set()

    def _lose(self, reason: str) -> None:
        self._lost = self._lost or reason
        self._arrived.set()


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
