"""Publishing many messages at once and knowing what became of each."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

import aiormq
from aiormq import Channel
from aiormq.abc import ChannelFrame

from shared_contracts.transport.amqp import CLOSED, Line, close, connect_with_line, given_up_is_closed
from shared_contracts.transport.crashing import CrashPoint, crash_here
from shared_contracts.transport.outgoing import Outgoing, packed

PUBLISH_SECONDS: Final = 15
CHECK_SECONDS: Final = 5


class NotPublishedError(Exception):
    """Some messages were returned, refused or not confirmed in time, and may have arrived all the same.

    ``faults`` says which, by their index, and why; the others are confirmed.
    """

    def __init__(self, faults: Mapping[int, BaseException], messages: int) -> None:
        """Say how many and the first reason."""
        super().__init__(f"{len(faults)} of {messages} messages: {next(iter(faults.values()))!r}")
        self.faults = faults


class Publisher:
    """One connection with confirms. Not safe for concurrent use: order is what it is for."""

    def __init__(self, url: str, name: str) -> None:
        """Remember where to publish; connects on first use."""
        self._url = url
        self._name = name
        self._connection: aiormq.Connection | None = None
        self._line: Line | None = None
        self._channel: Channel | None = None

    async def publish(self, messages: Sequence[Outgoing], seconds: float = PUBLISH_SECONDS) -> None:
        """Publish in order; return when the broker has taken every message into a queue.

        Raises ``NotPublishedError`` with those that it returned, refused or did not confirm within so many seconds, and
        ``BrokerError`` where it cannot be reached or ends the channel: then nothing is known of any message. While
        something may be under way still, the connection is cut: what the broker has not received by then never
        arrives. What it has received may arrive after this has raised, and also after what is published next, so
        whoever publishes all that is unconfirmed again, in order, has a first copy of each arrive in order.
        """
        if not messages:
            return
        try:
            until = asyncio.get_running_loop().time() + seconds
            with given_up_is_closed():
                async with asyncio.timeout_at(until):
                    channel = await self._ready()
                    confirmations = await write_at_once(channel, messages)
                    crash_here(CrashPoint.RELAY_AFTER_PUBLISH)
            _, silent = await asyncio.wait(confirmations, timeout=until - asyncio.get_running_loop().time())
        except BaseException:
            await self._drop()
            raise
        faults = _faults(confirmations)
        if silent or channel.is_closed:
            await self._drop()
        if channel.is_closed and faults and not silent:
            raise next(iter(faults.values()))
        if faults:
            raise NotPublishedError(faults, len(messages))

    async def check(self) -> None:
        """Connect if there is no connection, and hear from the broker; raises ``BrokerError`` where it does not."""
        try:
            with given_up_is_closed():
                async with asyncio.timeout(CHECK_SECONDS):
                    await (await self._ready()).basic_qos(prefetch_count=0)
        except BaseException:
            await self._drop()
            raise

    async def close(self) -> None:
        """Close the connection; the next ``publish`` opens another."""
        connection, self._channel = self._connection, None
        if connection is not None:
            await close(connection)
        await self._drop()

    async def _drop(self) -> None:
        """Cut the connection, so that nothing that was written for it arrives after this."""
        connection, line = self._connection, self._line
        self._connection = self._line = self._channel = None
        if line is not None:
            line.cut()
        if connection is not None:
            await close(connection)

    async def _ready(self) -> Channel:
        if self._channel is not None and not self._channel.is_closed:
            return self._channel
        await self._drop()
        self._connection, self._line = await connect_with_line(self._url, self._name)
        channel = await self._connection.channel(publisher_confirms=True, on_return_raises=True)
        if not isinstance(channel, Channel):
            raise TypeError(f"{type(channel)} is not the channel that this module knows")
        self._channel = channel
        return channel


def _faults(confirmations: Sequence[asyncio.Future[object]]) -> dict[int, BaseException]:
    """Why each message that is not confirmed is not, by its index."""
    faults: dict[int, BaseException] = {}
    for index, confirmation in enumerate(confirmations):
        if not confirmation.done():
            faults[index] = TimeoutError("not confirmed in time")
        elif confirmation.cancelled() or isinstance(confirmation.exception(), asyncio.CancelledError):
            faults[index] = ConnectionError(CLOSED)
        elif (error := confirmation.exception()) is not None:
            faults[index] = error
    return faults


async def write_at_once(channel: Channel, messages: Sequence[Outgoing]) -> list[asyncio.Future[object]]:
    """Write all messages to the socket in one piece; a future for the confirmation of each, in their order.

    One ``basic_publish`` a message costs four times the processor time: a lock, a queue entry and a socket write each.
    This does the same by attributes of aiormq's channel that it does not promise to keep, so its version is pinned
    exactly, and ``tests/test_publishing.py`` says when they have changed.
    """
    confirmations: list[asyncio.Future[object]] = []
    async with channel.lock:
        for message in messages:
            channel.delivery_tag += 1
            confirmation = channel.create_future()
            channel.confirmations[channel.delivery_tag] = confirmation
            channel.message_id_delivery_tag[message.message_id] = channel.delivery_tag
            confirmation.add_done_callback(partial(_forget, channel, message.message_id))
            confirmations.append(confirmation)
        written = channel.create_future()
        payload = packed(messages, channel.number, channel.max_content_size)
        await channel.write_queue.put(ChannelFrame(payload, should_close=False, drain_future=written))
        await written
    return confirmations


def _forget(channel: Channel, message_id: str, _: object) -> None:
    channel.message_id_delivery_tag.pop(message_id, None)
