from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import uuid4

import aio_pika
import pytest

from harness.gate import gate_to
from harness.network_faults import HalfOpen, Way
from harness.proxy import proxy_to
from harness.waiting import until
from shared_contracts.transport.amqp import BrokerError, declare_topology
from shared_contracts.transport.outgoing import Outgoing
from shared_contracts.transport.publishing import NotPublishedError, Publisher


@pytest.fixture
async def channel(rabbitmq_url: str) -> AsyncIterator[aio_pika.abc.AbstractChannel]:
    await declare_topology(rabbitmq_url)
    async with await aio_pika.connect(rabbitmq_url) as connection:
        yield await connection.channel()


@pytest.fixture
async def queue(channel: aio_pika.abc.AbstractChannel) -> aio_pika.abc.AbstractQueue:
    return await channel.declare_queue(f"test-{uuid4().hex}", exclusive=True)


@pytest.fixture
async def publisher(rabbitmq_url: str) -> AsyncIterator[Publisher]:
    publisher = Publisher(rabbitmq_url, "test")
    yield publisher
    await publisher.close()


def to(queue: str, number: int, body: bytes) -> Outgoing:
    return Outgoing("", queue, str(number), "test", body)


async def test_messages_arrive_whole_persistent_and_in_order(
    publisher: Publisher, queue: aio_pika.abc.AbstractQueue
) -> None:
    bodies = [b"", b"x" * 131_063, b"y" * 131_064, b"z" * 400_000, *(str(n).encode() for n in range(500))]
    await publisher.publish([to(queue.name, n, body) for n, body in enumerate(bodies)])
    await publisher.publish([to(queue.name, 0, b"again")])
    got = [await queue.get(no_ack=True) for _ in range(len(bodies) + 1)]
    assert [message.body for message in got] == [*bodies, b"again"]
    assert got[0].message_id == "0"
    assert (got[0].delivery_mode, got[0].type, got[0].content_type) == (2, "test", "application/json")
    assert await queue.get(fail=False) is None


async def test_one_message_that_reaches_no_queue_is_a_fault_and_the_publisher_goes_on(
    publisher: Publisher, queue: aio_pika.abc.AbstractQueue
) -> None:
    messages = [to(queue.name, 1, b"1"), to("nowhere", 2, b"2"), to(queue.name, 3, b"3")]
    with pytest.raises(NotPublishedError, match="1 of 3") as raised:
        await publisher.publish(messages)
    assert list(raised.value.faults) == [1]
    await publisher.publish([to(queue.name, 4, b"4")])
    got = [await queue.get(no_ack=True) for _ in range(3)]
    assert [message.body for message in got] == [b"1", b"3", b"4"]


async def test_an_exchange_that_does_not_exist_is_a_fault_and_the_publisher_goes_on(
    publisher: Publisher, queue: aio_pika.abc.AbstractQueue
) -> None:
    with pytest.raises(BrokerError):
        await publisher.publish([Outgoing("no-such-exchange", "", "1", "test", b"1")])
    await publisher.publish([to(queue.name, 2, b"2")])
    assert (await queue.get(no_ack=True)).body == b"2"


async def test_what_a_full_queue_refuses_is_a_fault(
    publisher: Publisher, channel: aio_pika.abc.AbstractChannel
) -> None:
    arguments = {"x-max-length": 1, "x-overflow": "reject-publish"}
    small = await channel.declare_queue(f"test-{uuid4().hex}", exclusive=True, arguments=arguments)
    await publisher.publish([to(small.name, 1, b"1")])
    with pytest.raises(NotPublishedError):
        await publisher.publish([to(small.name, 2, b"2"), to(small.name, 3, b"3")])


async def test_a_connection_that_is_lost_is_replaced(queue: aio_pika.abc.AbstractQueue, rabbitmq_url: str) -> None:
    async with gate_to(rabbitmq_url) as gate:
        through = Publisher(gate.url, "test")
        await through.publish([to(queue.name, 1, b"1")])
        await gate.end()
        with suppress(BrokerError):  # unless the end has been noticed before
            await through.publish([to(queue.name, 2, b"2")])
        await through.publish([to(queue.name, 3, b"3")])
        await through.check()
        await through.close()


async def test_what_was_not_confirmed_in_time_is_told_and_never_sent_later(
    queue: aio_pika.abc.AbstractQueue, rabbitmq_url: str
) -> None:
    async with gate_to(rabbitmq_url) as gate:
        publisher = Publisher(gate.url, "test")
        await publisher.publish([to(queue.name, 0, b"before")])
        gate.freeze()
        with pytest.raises(NotPublishedError) as raised:
            await publisher.publish([to(queue.name, 1, b"small")], 3)
        assert list(raised.value.faults) == [0]
        gate.thaw()
        await publisher.publish([to(queue.name, 2, b"again")])
        gate.freeze()
        with pytest.raises(TimeoutError):
            await publisher.publish([to(queue.name, n, b"x" * 2_000_000) for n in range(30)], 0.3)
        gate.thaw()
        await publisher.publish([to(queue.name, 99, b"later")], 30)
        await until(lambda: gate.passing == 2)  # both ways of the one connection that is left
        bodies = []
        while (message := await queue.get(no_ack=True, fail=False)) is not None:
            bodies.append(message.body[:10])
        assert b"later" in bodies
        assert bodies.count(b"x" * 10) < 10
        await publisher.close()


@pytest.mark.parametrize("way", Way)
async def test_a_broker_that_falls_silent_is_lost_and_nobody_is_cancelled(
    queue: aio_pika.abc.AbstractQueue, rabbitmq_url: str, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared_contracts.transport.amqp.HEARTBEAT_SECONDS", 1)  # it gives up after 6 s of silence
    async with proxy_to(rabbitmq_url) as proxy:
        publisher = Publisher(proxy.url, "test")
        await publisher.publish([to(queue.name, 1, b"1")])
        proxy.break_with(HalfOpen(way))
        with pytest.raises((*BrokerError, NotPublishedError)):
            await publisher.publish([to(queue.name, 2, b"2")], 20)
        proxy.heal()
        await publisher.publish([to(queue.name, 3, b"3")])
        await publisher.close()
