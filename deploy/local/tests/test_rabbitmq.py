import time

import aio_pika

from local_stack import rabbitmq
from local_stack.listening import LOOPBACK, addresses_of
from local_stack.process import recorded
from local_stack.server import COMPANION, Server
from local_stack.waiting import until

QUEUE = "kept"
# RabbitMQ 3.10 writes the name of a new quorum queue down half a second later; killed before, it forgets the queue.
NAMED_SECONDS = 1.0


async def declare(server: Server) -> None:
    async with await aio_pika.connect(server.url) as connection:
        channel = await connection.channel()
        await channel.declare_queue(QUEUE, durable=True, arguments={"x-queue-type": "quorum"})


async def publish(server: Server, body: bytes) -> None:
    async with await aio_pika.connect(server.url) as connection:
        channel = await connection.channel(publisher_confirms=True)
        message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await channel.default_exchange.publish(message, routing_key=QUEUE)


async def take(server: Server) -> bytes:
    async with await aio_pika.connect(server.url) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(QUEUE, durable=True, passive=True)
        message = await queue.get()
        await message.ack()
        return message.body


async def test_a_confirmed_message_is_there_after_kill_9_and_after_a_restart(broker: Server) -> None:
    await declare(broker)
    declared = time.monotonic()
    assert until(lambda: time.monotonic() - declared > NAMED_SECONDS, 2 * NAMED_SECONDS)
    await publish(broker, b"first")
    await publish(broker, b"second")

    broker.kill()
    broker.restart()
    assert await take(broker) == b"first"

    broker.restart()
    assert await take(broker) == b"second"


def test_only_its_own_user_may_enter(broker: Server) -> None:
    users = rabbitmq.control(broker, "list_users", "--no-table-headers").split("\n")

    assert [line.split("\t")[0] for line in users if line] == ["innkeep"]


def test_node_and_port_mapper_listen_on_this_machine_only(broker: Server) -> None:
    mapper = recorded(broker.directory / COMPANION)
    assert mapper is not None

    listened = addresses_of(broker.pid) | addresses_of(mapper.pid)

    assert ("0100007F", broker.port) in listened
    assert {address for address, _ in listened} <= LOOPBACK


def test_stopping_leaves_no_port_mapper_behind(broker: Server) -> None:
    mapper = recorded(broker.directory / COMPANION)

    assert broker.stop()

    assert mapper is not None
    assert not mapper.alive()
    assert not broker.running()
