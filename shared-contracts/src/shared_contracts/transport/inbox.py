"""What the queues have delivered and nobody has taken yet: one channel a queue, one inbox for all of them.

A channel a queue, because closing it is the only way to give a queue up with its order kept: the broker takes back what
is not acknowledged, to the front, before it gives the queue to the next in line.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import aiormq
from aiormq.abc import AbstractChannel, DeliveredMessage

from shared_contracts.transport.acknowledging import acknowledge
from shared_contracts.transport.deliveries import Arrived, Deliveries
from shared_contracts.transport.waiting import wait_for_any


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as it came: from which queue, and how often the broker had delivered it before."""

    queue: str
    body: bytes
    tag: int
    count: int = 0
    message_id: str = ""


@dataclass(slots=True)
class Place:
    """A place in a queue's line, which is a channel. ``owner`` was to serve the queue when this was last looked at."""

    queue: str
    channel: AbstractChannel
    owner: str | None
    given_up: bool = False
    delivered: bool = False


@dataclass(slots=True)
class Inbox:
    """The deliveries of one connection's places, queue by queue; at most ``prefetch`` unsettled ones of each.

    ``_waiting`` has a queue for each that something waits of, in the order of their turns.
    """

    connection: aiormq.Connection
    deliveries: Deliveries
    prefetch: int
    places: dict[str, Place] = field(default_factory=dict[str, Place])
    _waiting: OrderedDict[str, deque[Delivery]] = field(default_factory=OrderedDict[str, deque[Delivery]])
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _lost: str = ""

    async def join(self, queue: str, owner: str | None) -> None:
        """Subscribe, at the end of the queue's line."""
        place = Place(queue, await self.connection.channel(publisher_confirms=False), owner)
        self.places[queue] = place
        place.channel.closing.add_done_callback(lambda _: self._lose(place, "channel closed"))
        place.channel.on_consumer_cancel_callbacks.add(lambda _: self._lose(place, "consumer cancelled"))

        def take(arrived: Arrived) -> None:
            if not place.given_up:
                place.delivered = True
                self.put(Delivery(queue, arrived.body, arrived.tag, arrived.count, arrived.message_id))

        async def stray(message: DeliveredMessage) -> None:
            self._lose(place, f"the driver was given delivery {message.delivery_tag}")

        self.deliveries.give(place.channel.number, take)
        await place.channel.basic_qos(prefetch_count=self.prefetch)
        await place.channel.basic_consume(queue, stray)

    def put(self, delivery: Delivery) -> None:
        """Let the delivery wait, after those of its queue."""
        self._waiting.setdefault(delivery.queue, deque()).append(delivery)
        self._arrived.set()

    async def rejoin(self, queue: str, owner: str | None) -> None:
        """Go to the end of the queue's line: what is not settled goes back to the queue, to its front and in order."""
        place = self.places[queue]
        place.given_up = True
        self._waiting.pop(queue, None)
        await place.channel.close()
        self.deliveries.drop(place.channel.number)
        await self.join(queue, owner)

    def take(self, most: int, batches: int = 1) -> list[list[Delivery]]:
        """The next deliveries, in up to so many batches that have no queue in common; none where nothing waits.

        Each is of at ``most`` so many, in the order of its queues; whose turn it was is the last of the next turn. All
        but the first are taken only where they are full.
        """
        taken: list[list[Delivery]] = []
        resting: OrderedDict[str, deque[Delivery]] = OrderedDict()
        while len(taken) < batches and sum(map(len, self._waiting.values())) >= (most if taken else 1):
            taken.append(self._batch(most, resting))
        self._waiting |= resting
        return taken

    def _batch(self, most: int, resting: OrderedDict[str, deque[Delivery]]) -> list[Delivery]:
        """One batch; what its last queue has left goes to those that are resting."""
        batch: list[Delivery] = []
        while self._waiting and len(batch) < most:
            queue, deliveries = self._waiting.popitem(last=False)
            batch += [deliveries.popleft() for _ in range(min(most - len(batch), len(deliveries)))]
            if deliveries:
                resting[queue] = deliveries
        return batch

    async def settle(self, deliveries: Sequence[Delivery]) -> None:
        """Acknowledge the deliveries, and with them all earlier ones of their queues."""
        tags = {self.places[delivery.queue].channel: delivery.tag for delivery in deliveries}
        await acknowledge(self.connection, tags)

    async def something(self, *also: asyncio.Event) -> None:
        """Wait for deliveries or one of the events; ``ConnectionError`` when the broker took a channel away."""
        while not self._waiting and not self._lost and not any(event.is_set() for event in also):
            self._arrived.clear()
            await wait_for_any(None, self._arrived, *also)
        if self._lost:
            raise ConnectionError(self._lost)

    def _lose(self, place: Place, reason: str) -> None:
        if not place.given_up:
            self._lost = self._lost or f"{place.queue}: {reason}"
            self._arrived.set()
