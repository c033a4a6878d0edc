"""Connections and channels as aiormq shows them, with the broker of the simulation behind them."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final

import aiormq
from aiormq import spec
from aiormq.abc import DeliveredMessage
from aiormq.exceptions import ChannelInvalidStateError, DeliveryError, PublishError
from pamqp.header import ContentHeader

from shared_contracts.transport import outgoing
from shared_contracts.transport.amqp import HEARTBEAT_SECONDS
from shared_contracts.transport.deliveries import Arrived, Take
from shared_contracts.transport.outgoing import Outgoing
from simulation.broker import RETURNED, SILENT, Broker, Message, Subscription
from simulation.network import Line
from simulation.process import Process

NO_ROUTE: Final = spec.Basic.Return(312, "NO_ROUTE", "", "")


@dataclass(slots=True)
class Written:
    """What would be bytes on the wire; stands in for ``aiormq.abc.ChannelFrame``."""

    messages: Sequence[Outgoing]
    should_close: bool
    drain_future: asyncio.Future[Any]


@dataclass(slots=True)
class Takers:
    """Who takes the deliveries of each channel; stands in for ``deliveries.Deliveries``."""

    by_channel: dict[int, Take] = field(default_factory=dict[int, Take])

    def give(self, channel: int, take: Take) -> None:
        """Have the channel's deliveries taken."""
        self.by_channel[channel] = take

    def drop(self, channel: int) -> None:
        """Nobody takes them any more."""
        del self.by_channel[channel]


@dataclass(slots=True, eq=False)
class Link:
    """One connection of a process to the broker, both of its ends."""

    broker: Broker
    process: Process
    takers: Takers | None = None
    closed: bool = False
    lost: bool = False
    channels: list["SimulatedChannel"] = field(default_factory=list)
    up: Line = field(init=False)
    down: Line = field(init=False)

    def __post_init__(self) -> None:
        """Lay both directions."""
        network = self.broker.network
        self.up, self.down = Line(network, network.outside), Line(network, self.process.context)
        self.process.sockets.append(self)
        self.broker.links.append(self)

    async def channel(self, *, publisher_confirms: bool = True, on_return_raises: bool = False) -> "SimulatedChannel":
        """Open a channel."""
        del publisher_confirms, on_return_raises
        if self.closed:
            raise ConnectionResetError("the connection is closed")
        channel = SimulatedChannel(self, len(self.channels) + 1)
        self.channels.append(channel)
        await channel.ask(lambda: None)
        return channel

    async def close(self) -> None:
        """Say goodbye."""
        self.cut()

    def cut(self) -> None:
        """Hang up: of what is under way to the broker, a part may have arrived."""
        if not self.closed:
            self.hang_up("closed")
            self.broker.network.to_server(self.lose, "closed")

    def patience(self) -> tuple[float, ...]:
        """After how many seconds without a heartbeat the broker ends it."""
        return (HEARTBEAT_SECONDS * 2.0,)

    def expire(self) -> None:
        """The process is paused: no heartbeat comes."""
        if not self.lost:
            self.broker.network.trace.count("heartbeats_missed")
            self.lose("missed heartbeats")

    def gone(self) -> None:
        """The process at the other end is dead."""
        self.lose("its process is dead")

    def lose(self, reason: str) -> None:
        """The broker's end is gone."""
        if self.lost:
            return
        self.lost = self.up.cut = True
        self.broker.links.remove(self)
        for channel in self.channels:
            channel.lost()
        self.down.send(self.hang_up, reason)

    def hang_up(self, reason: str) -> None:
        """The process's end is gone."""
        if self.closed:
            return
        self.closed = self.down.cut = True
        for channel in self.channels:
            channel.hung_up(ConnectionResetError(reason))


class SimulatedChannel(aiormq.Channel):
    """A channel. It has what ``publishing`` and ``inbox`` use of aiormq's, and behaves alike there."""

    def __init__(self, link: Link, number: int) -> None:
        """Both ends are open."""
        self.link = link
        self.lock_of_channel = asyncio.Lock()
        self.delivery_tag = 0
        self.confirmations: Any = {}
        self.message_id_delivery_tag = {}
        self.max_content_size = 1_000_000
        self.number = number
        self.write_queue: Any = SimpleNamespace(put=self._write)
        self.on_consumer_cancel_callbacks = set()
        self.prefetch = 0
        self.subscription: Subscription | None = None
        self._futures: list[asyncio.Future[Any]] = []
        self._end: asyncio.Future[Any] = link.broker.network.loop.create_future()

    def __str__(self) -> str:
        """Its number."""
        return f"{self.number}"

    @property
    def lock(self) -> Any:
        """Held while something is written."""
        return self.lock_of_channel

    @property
    def is_closed(self) -> bool:
        """Whether this end is gone."""
        return self._end.done()

    @property
    def closing(self) -> asyncio.Future[Any]:
        """Done when this end is gone."""
        return self._end

    def create_future(self) -> asyncio.Future[Any]:
        """A future that ends with the channel."""
        future = self.link.broker.network.loop.create_future()
        self._futures.append(future)
        return future

    async def ask(self, at_broker: Callable[[], None]) -> None:
        """Have something done at the broker, and wait for its word."""
        if self.is_closed:
            raise ChannelInvalidStateError("channel closed")
        done = self.create_future()

        def arrive() -> None:
            at_broker()
            self.link.down.send(_resolve, done)

        self.link.up.send(arrive)
        await done

    async def basic_qos(self, *, prefetch_count: int | None = None, **_: Any) -> Any:
        """Bound what is unsettled."""
        await self.ask(lambda: setattr(self, "prefetch", prefetch_count or 0))

    async def basic_consume(self, queue: str, consumer_callback: Any, **_: Any) -> Any:
        """Stand in the queue's line. The callback is not called: deliveries never come as far as the driver."""
        del consumer_callback
        self.subscription = subscription = Subscription(queue, self.prefetch or 1_000_000, self._deliver, self.link)
        await self.ask(lambda: self.link.broker.subscribe(subscription))

    def write_ack(self, delivery_tag: int) -> None:
        """Settle all up to the tag, as soon as the broker hears of it."""
        if self.subscription is not None:
            self.link.up.send(self.link.broker.settle, self.subscription, delivery_tag)

    async def close(self, *_: Any, **__: Any) -> None:
        """Give up the place in the line, and wait for the broker's word."""
        if not self.is_closed:
            await self.ask(self.lost)
            self.hung_up(ConnectionResetError("channel closed"))

    def lost(self) -> None:
        """The broker's end is gone."""
        if self.subscription is not None:
            self.link.broker.leave(self.subscription)

    def hung_up(self, error: Exception) -> None:
        """This end is gone, and with it whatever waits for it."""
        if self._end.done():
            return
        self._end.set_result(None)
        for future in self._futures:
            if not future.done():
                future.set_exception(error)
        self._futures.clear()

    def _deliver(self, tag: int, message: Message) -> None:
        self.link.down.send(self._arrived, Arrived(tag, message.body, message.count, message.message_id))

    def _arrived(self, arrived: Arrived) -> None:
        if self.link.takers is not None and not self.is_closed:
            self.link.takers.by_channel[self.number](arrived)

    async def _write(self, written: Written) -> None:
        if self.is_closed:
            raise ChannelInvalidStateError("channel closed")
        _resolve(written.drain_future)
        first = self.delivery_tag - len(written.messages) + 1
        for tag, message in enumerate(written.messages, first):
            self.link.up.send(self._published, tag, message)

    def _published(self, tag: int, message: Outgoing) -> None:
        fate = self.link.broker.publish(
            message.exchange, message.routing_key, message.message_id, message.body, mandatory=bool(outgoing.MANDATORY)
        )
        if fate != SILENT:
            self.link.down.send(self._confirmed, tag, message.message_id, fate)

    def _confirmed(self, tag: int, message_id: str, fate: str) -> None:
        confirmation = self.confirmations.pop(tag, None)
        if confirmation is None or confirmation.done():
            return
        if fate == RETURNED:
            confirmation.set_exception(PublishError(_returned(message_id), NO_ROUTE))
        elif fate == "refused":
            confirmation.set_exception(DeliveryError(None, spec.Basic.Nack(tag)))
        else:
            confirmation.set_result(None)


async def acknowledge(_: Link, tags: Mapping[SimulatedChannel, int]) -> None:
    """Settle; it is written, and may be lost with the line. Stands in for ``acknowledging.acknowledge``."""
    for channel in tags:
        if channel.is_closed:
            raise ChannelInvalidStateError("channel closed")
    for channel, tag in tags.items():
        channel.write_ack(tag)


def _returned(message_id: str) -> DeliveredMessage:
    header = ContentHeader(properties=spec.Basic.Properties(message_id=message_id))
    return DeliveredMessage(delivery=NO_ROUTE, header=header, body=b"", channel=None)  # type: ignore[arg-type]


def _resolve(future: asyncio.Future[Any]) -> None:
    if not future.done():
        future.set_result(None)
