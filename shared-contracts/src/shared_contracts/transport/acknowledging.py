"""Acknowledging the deliveries of many queues in one write."""

from collections.abc import Mapping
from struct import Struct
from typing import Final

import aiormq
from aiormq.abc import AbstractChannel, ChannelFrame
from aiormq.exceptions import ChannelInvalidStateError

from shared_contracts.transport.frames import METHOD, frame

ACK: Final = Struct(">HHQ?")
"""The class, the method, the tag, and whether earlier deliveries are meant as well."""


async def acknowledge(connection: aiormq.Connection, tags: Mapping[AbstractChannel, int]) -> None:
    """Acknowledge on each channel of the connection what was delivered up to the tag; returns before it is written.

    ``ChannelInvalidStateError`` where one of them is closed, and then none is acknowledged; where the broker is closing
    one it ends the connection instead, and all come again. One ``basic_ack`` a channel is a frame, a write to the
    socket and a wake of the broker each.
    """
    for channel in tags:
        if channel.is_closed:
            raise ChannelInvalidStateError(f"{channel} is closed")
    frames = b"".join(up_to(channel.number, tag) for channel, tag in tags.items())
    await connection.write_queue.put(ChannelFrame(frames, should_close=False))


def up_to(channel: int, tag: int) -> bytes:
    """The frame for a delivery and all earlier ones of its channel."""
    return frame(METHOD, channel, ACK.pack(60, 80, tag, True))  # noqa: FBT003
