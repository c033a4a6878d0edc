"""Queues as ours are, and who fills them."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from shared_contracts.transport.amqp import connect
from shared_contracts.transport.publishing import Publisher


@pytest.fixture
def arguments() -> dict[str, Any]:
    """Those of our queues."""
    return {"x-queue-type": "quorum", "x-single-active-consumer": True, "x-delivery-limit": 1_000}


@pytest.fixture
async def queues(rabbitmq_url: str, arguments: dict[str, Any]) -> AsyncIterator[list[str]]:
    """Four queues as ours are."""
    names = [f"test-{uuid4().hex[:8]}.{number}" for number in range(4)]
    async with await connect(rabbitmq_url, "test") as connection:
        channel = await connection.channel()
        for name in names:
            await channel.declare_queue(name, durable=True, arguments=arguments)
        yield names
        for name in names:
            await channel.queue_delete(name)


@pytest.fixture
async def publisher(rabbitmq_url: str) -> AsyncIterator[Publisher]:
    publisher = Publisher(rabbitmq_url, "test")
    yield publisher
    await publisher.close()
