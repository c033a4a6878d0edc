"""Publishing many messages at once and knowing what became of each."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from aio_pika.abc import AbstractConnection
from aiormq import Channel, spec
from aiormq.abc import ChannelFrame, FrameType
from pamqp.body import ContentBody
from pamqp.header import ContentHeader

from shared_contracts.transport.amqp import connect

PUBLISH_SECONDS: Final = 30
PERSISTENT: Final = 2


class NotPublishedError(Exception):
    """At least one message was returned, refused or not confirmed in time; any of them may have arrived."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message for an exchange; ``message_id`` is unique within a connection."""

    exchange: str
    routing_key: str
    message_id: str
    message_type: str
    body: bytes


class Publisher:
    """One connection with confirms. Not safe for concurrent use: order is what it is for."""

    def __init__(self, url: str, name: str) -> None:
        """Remember where to publish; connects on first use."""
        self._url = url
        self._name = name
        self._connection: AbstractConnection | None = None
        self._channel: Channel | None = None

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """Publish in order; return when the broker has taken every message into a queue.

        Raises ``NotPublishedError`` where it returned, refused or did not confirm one, and ``BrokerError`` where it
        cannot be reached. Then the connection is dropped, so that nothing of this call can arrive after a later one.
        """
        try:
            async with asyncio.timeout(PUBLISH_SECONDS):
                channel = self._channel or await self._open()
                confirmations = await write_at_once(channel, messages)
                results = await asyncio.gather(*confirmations, return_exceptions=True)
        except BaseException:
            await self.close()
            raise
        faults = [result for result in results if isinstance(result, BaseException)]
        if faults:
            await self.close()
            raise NotPublishedError(f"{len(faults)} of {len(messages)} messages: {faults[0]!r}") from faults[0]

    async def close(self) -> None:
        """Drop the connection; the next ``publish`` opens another."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            await asyncio.wait([asyncio.ensure_future(connection.close())], timeout=1)

    async def check(self) -> None:
        """Open the connection if it is not; raises ``BrokerError`` where it cannot be."""
        if self._channel is None or self._channel.is_closed:
            await self.close()
            await self._open()

    async def _open(self) -> Channel:
        self._connection = await connect(self._url, self._name)
        channel = await self._connection.channel(publisher_confirms=True, on_return_raises=True)
        underlay = await channel.get_underlay_channel()
        if not isinstance(underlay, Channel):
            raise TypeError(f"{type(underlay)} is not the channel that this module knows")
        self._channel = underlay
        return underlay


async def write_at_once(channel: Channel, messages: Sequence[Outgoing]) -> list[asyncio.Future[object]]:
    """Write all messages to the socket in one piece; a future for the confirmation of each, in their order.

    One ``basic_publish`` a message costs four times the processor time: a lock, a queue entry and a socket write each.
    This does the same by attributes of aiormq's channel that it does not promise to keep, so its version is pinned
    exactly, and ``tests/test_publishing.py`` says when they have changed.
    """
    frames: list[FrameType | ContentBody] = []
    confirmations: list[asyncio.Future[object]] = []
    async with channel.lock:
        for message in messages:
            channel.delivery_tag += 1
            confirmation = channel.create_future()
            channel.confirmations[channel.delivery_tag] = confirmation
            channel.message_id_delivery_tag[message.message_id] = channel.delivery_tag
            confirmation.add_done_callback(partial(_forget, channel, message.message_id))
            confirmations.append(confirmation)
            frames.extend(_frames(message, channel.max_content_size))
        written = channel.create_future()
        await channel.write_queue.put(
            ChannelFrame.marshall(channel_number=channel.number, frames=frames, drain_future=written)
        )
        await written
    return confirmations


def _frames(message: Outgoing, part: int) -> Iterator[FrameType | ContentBody]:
    yield spec.Basic.Publish(exchange=message.exchange, routing_key=message.routing_key, mandatory=True)
    properties = spec.Basic.Properties(
        content_type="application/json",
        delivery_mode=PERSISTENT,
        message_id=message.message_id,
        message_type=message.message_type,
    )
    yield ContentHeader(properties=properties, body_size=len(message.body))
    for start in range(0, len(message.body), part):
        yield ContentBody(message.body[start : start + part])


def _forget(channel: Channel, message_id: str, _: object) -> None:
    channel.message_id_delivery_tag.pop(message_id, None)
