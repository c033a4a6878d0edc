"""How a process reaches the simulated broker: a connection, or a question."""

import asyncio
from collections.abc import Sequence

from simulation.amqp import Link, Takers
from simulation.broker import Broker
from simulation.process import Process


async def connect(broker: Broker, process: Process, takers: Takers | None = None) -> Link:
    """Open a connection; ``ConnectionRefusedError`` while the broker is down."""
    network = broker.network
    opened: asyncio.Future[Link] = network.loop.create_future()

    def arrived(link: Link | None) -> None:
        if opened.done():
            if link is not None:
                link.cut()
        elif link is None or link.closed:
            opened.set_exception(ConnectionRefusedError("RabbitMQ is down"))
        else:
            opened.set_result(link)

    def accept() -> None:
        link = Link(broker, process, takers) if broker.up else None
        if link is not None and not process.alive:
            link.lose("its process is dead")
        if link is None:
            network.to_process(process.context, arrived, None)
        else:
            link.down.send(arrived, link)

    network.to_server(accept)
    return await opened


async def waiting_in(broker: Broker, process: Process, queues: Sequence[str]) -> dict[str, int]:
    """How many messages wait in each of the queues."""
    network = broker.network
    asked: asyncio.Future[dict[str, int]] = network.loop.create_future()

    def answer(found: dict[str, int] | None) -> None:
        if asked.done():
            return
        if found is None:
            asked.set_exception(ConnectionRefusedError("RabbitMQ is down"))
        else:
            asked.set_result(found)

    def arrive() -> None:
        found = {name: broker.waiting(name) for name in queues} if broker.up else None
        network.to_process(process.context, answer, found)

    network.to_server(arrive)
    return await asked
