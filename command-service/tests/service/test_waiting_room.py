import asyncio

import aio_pika
import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from command_service.database import Pool
from command_service.ledger import Ledger
from command_service.metrics import RelayMetrics
from command_service.readiness import relay_readiness
from command_service.waiting_room import WaitingRoom
from harness.waiting import until
from relaying import NOWHERE, relay_on, running
from shared_contracts.topology import UNDELIVERABLE_QUEUE
from shared_contracts.transport.consuming import Delivery

pytestmark = pytest.mark.usefixtures("impatient", "nothing_waits")


def room_of(postgres_url: str, broker: str) -> tuple[WaitingRoom, CollectorRegistry]:
    registry = CollectorRegistry()
    return WaitingRoom(SecretStr(postgres_url), broker, RelayMetrics(registry), look_seconds=0.05), registry


async def give_up(broker: str, messages: int) -> None:
    """What the broker does with a message that was delivered too often."""
    async with await aio_pika.connect(broker) as connection:
        channel = await connection.channel()
        for _ in range(messages):
            await channel.default_exchange.publish(aio_pika.Message(b"{}"), UNDELIVERABLE_QUEUE)


async def test_what_waits_for_an_operator_is_counted_and_told_by_the_leader(
    postgres_url: str, broker: str, database: Pool, ledger: Ledger
) -> None:
    await database.execute("TRUNCATE parked")
    room, registry = room_of(postgres_url, broker)
    relay = relay_on(postgres_url, broker)
    relay.asides = (room,)
    ready = relay_readiness(database, relay)
    async with running(relay):
        await until(lambda: relay.leading)
        assert not {"parked", "undeliverable"} & set((await ready()).behind)
        for n in range(3):
            await ledger.park_unreadable(Delivery("commands.00", b"junk", n), "not ours")
        await give_up(broker, 2)
        await until(lambda: registry.get_sample_value("innkeep_parked") == 3)
        await until(lambda: registry.get_sample_value("innkeep_undeliverable_messages") == 2)
        found = await ready()
        assert "3 wait" in found.behind["parked"]
        assert "2 messages" in found.behind["undeliverable"]
        assert found.missing == {}
        await database.execute("TRUNCATE parked")
        await until(lambda: registry.get_sample_value("innkeep_parked") == 0)
        assert "parked" not in (await ready()).behind
    assert registry.get_sample_value("innkeep_undeliverable_messages") == 0


async def test_of_very_many_that_wait_only_so_many_are_counted(
    postgres_url: str, broker: str, database: Pool, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("command_service.waiting_room.MAX_PARKED_COUNTED", 2)
    for n in range(3):
        await ledger.park_unreadable(Delivery("commands.00", b"junk", n), "not ours")
    room, _ = room_of(postgres_url, broker)
    looking = asyncio.create_task(room.run())
    await until(lambda: room.parked == 2)
    assert "at least 2" in room.behind()["parked"]
    looking.cancel()
    await database.execute("TRUNCATE parked")


async def test_while_the_broker_is_down_what_is_parked_is_counted_still(
    postgres_url: str, broker: str, database: Pool, ledger: Ledger
) -> None:
    await database.execute("TRUNCATE parked")
    await ledger.park_unreadable(Delivery("commands.00", b"junk", 1), "not ours")
    room, registry = room_of(postgres_url, NOWHERE)
    looking = asyncio.create_task(room.run())
    await until(lambda: registry.get_sample_value("innkeep_parked") == 1)
    await until(lambda: "cannot be asked" in room.behind().get("undeliverable", ""))
    room.broker = broker
    await until(lambda: set(room.behind()) == {"parked"})
    looking.cancel()
    await database.execute("TRUNCATE parked")
