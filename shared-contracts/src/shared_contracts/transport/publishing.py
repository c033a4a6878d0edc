"""Publishing many messages at once and knowing what became of each."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import aiormq
from aio_pika.abc import AbstractConnection
from aiormq import spec

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
        self._channel: aiormq.abc.AbstractChannel | None = None

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """Publish in order; return when the broker has taken every message into a queue.

        Raises ``NotPublishedError`` where it returned, refused or did not confirm one, and ``BrokerError`` where it
        cannot be reached. Then the connection is dropped, so that nothing of this call can arrive after a later one.
        """
        try:
            async with asyncio.timeout(PUBLISH_SECONDS):
                channel = self._channel or await self._open()
                results = await asyncio.gather(*(self._send(channel, m) for m in messages), return_exceptions=True)
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

    async def _open(self) -> aiormq.abc.AbstractChannel:
        self._connection = await connect(self._url, self._name)
        channel = await self._connection.channel(publisher_confirms=True, on_return_raises=True)
        self._channel = await channel.get_underlay_channel()
        return self._channel

    @staticmethod
    async def _send(channel: aiormq.abc.AbstractChannel, message: Outgoing) -> None:
        await channel.basic_publish(
            message.body,
            exchange=message.exchange,
            routing_key=message.routing_key,
            mandatory=True,
            properties=spec.Basic.Properties(
                content_type="application/json",
                delivery_mode=PERSISTENT,
                message_id=message.message_id,
                message_type=message.message_type,
            ),
        )
