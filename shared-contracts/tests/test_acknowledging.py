"""The frames are those that pamqp makes, and go to the broker together."""

import asyncio
from typing import Any

import pytest
from aiormq import spec
from aiormq.exceptions import ChannelInvalidStateError
from hypothesis import given
from hypothesis import strategies as st
from pamqp import frame

from shared_contracts.transport.acknowledging import acknowledge, up_to


class Channel:
    """What ``acknowledge`` asks of one."""

    def __init__(self, number: int, *, is_closed: bool = False) -> None:
        self.number = number
        self.is_closed = is_closed


class Connection:
    """What is written to it."""

    def __init__(self) -> None:
        self.write_queue = asyncio.Queue[Any]()


def written(connection: Any) -> list[bytes]:
    queue = connection.write_queue
    return [queue.get_nowait().payload for _ in range(queue.qsize())]


@given(st.integers(1, 2**16 - 1), st.integers(1, 2**63 - 1))
def test_a_frame_is_that_of_the_driver(channel: int, tag: int) -> None:
    assert up_to(channel, tag) == frame.marshal(spec.Basic.Ack(tag, multiple=True), channel)


async def test_many_channels_are_one_write() -> None:
    connection: Any = Connection()
    tags: Any = {Channel(3): 7, Channel(4): 1}
    await acknowledge(connection, tags)
    assert written(connection) == [up_to(3, 7) + up_to(4, 1)]


async def test_where_a_channel_is_closed_nothing_is_acknowledged() -> None:
    connection: Any = Connection()
    tags: Any = {Channel(3): 7, Channel(4, is_closed=True): 1}
    with pytest.raises(ChannelInvalidStateError):
        await acknowledge(connection, tags)
    assert written(connection) == []
