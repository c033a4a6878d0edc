import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import aio_pika
import pytest

from command_service import sending
from command_service.database import Pool, Session
from command_service.ledger import Ledger
from command_service.readiness import relay_readiness
from command_service.sending import Sender
from command_service.settings import RELAY_BATCH
from harness.gate import gate_to
from harness.waiting import until
from orders import ordered
from relaying import (
    NOWHERE,
    Stuck,
    accept,
    all_sent,
    only_unsent,
    relay_on,
    running,
    running_until_cancelled,
    taken,
    unsent,
)
from seaside import book
from shared_contracts.envelope import decode_command, decode_event
from shared_contracts.topology import commands_queue, events_queue, partition_of
from shared_contracts.transport.consuming import wait_for
from shared_contracts.transport.outgoing import Outgoing
from shared_contracts.transport.publishing import NotPublishedError, Publisher

pytestmark = pytest.mark.usefixtures("impatient", "nothing_waits")


async def test_commands_and_events_reach_their_queues_in_order(
    postgres_url: str, broker: str, database: Pool, ledger: Ledger, seaside: str
) -> None:
    commands = await accept(database, seaside, 300)
    await ledger.decide([ordered(seaside, book(n, n + 1)) for n in range(1, 30)])
    async with running(relay_on(postgres_url, broker)):
        partition = partition_of(seaside)
        got = await taken(broker, commands_queue(partition), 300)
        assert [decode_command(d.body).id for d in got] == [c.id for c in commands]
        events = [decode_event(d.body) for d in await taken(broker, events_queue(partition), 30)]
        assert [e.position for e in events if e.hotel_id == seaside] == list(range(1, 31))
        await until(lambda: all_sent(database))


@asynccontextmanager
async def unbound(broker: str, hotel_id: str) -> AsyncIterator[None]:
    """Commands of the hotel's partition reach no queue."""
    partition = partition_of(hotel_id)
    async with await aio_pika.connect(broker) as connection:
        channel = await connection.channel()
        exchange = await channel.get_exchange("commands")
        queue = await channel.get_queue(commands_queue(partition))
        await queue.unbind(exchange, f"{partition:02d}")
        try:
            yield
        finally:
            await queue.bind(exchange, f"{partition:02d}")


async def test_what_cannot_be_routed_stays_unsent_until_it_can(
    postgres_url: str, broker: str, database: Pool, seaside: str
) -> None:
    await database.execute("TRUNCATE event_outbox")
    await accept(database, seaside, 3)
    relay = relay_on(postgres_url, broker)
    async with running(relay):
        async with unbound(broker, seaside):
            await until(lambda: bool(relay.commands.holding.partitions))
            assert await unsent(database) == 3
            missing = (await relay_readiness(database, relay)()).missing
            assert list(missing) == [f"commands.{partition_of(seaside):02d}"]
        await until(lambda: all_sent(database), 20)
        assert not relay.commands.holding.partitions
    assert len(await taken(broker, commands_queue(partition_of(seaside)), 3)) >= 3


async def test_a_queue_that_takes_nothing_keeps_no_other_hotel_waiting_and_multiplies_nothing(
    postgres_url: str, broker: str, database: Pool, seaside: str
) -> None:
    await database.execute("TRUNCATE event_outbox")
    elsewhere = next(name for n in range(100) if partition_of(name := f"other-{n}") != partition_of(seaside))
    await database.execute("INSERT INTO hotel (hotel_id) VALUES ($1) ON CONFLICT DO NOTHING", elsewhere)
    refused = await accept(database, seaside, 1_200)
    sent = await accept(database, elsewhere, 5)
    async with running(relay_on(postgres_url, broker)):
        async with unbound(broker, seaside):
            got = await taken(broker, commands_queue(partition_of(elsewhere)), 5)
            await asyncio.sleep(1)  # so that the refused ones are tried again
            sent += await accept(database, elsewhere, 5)
            got += await taken(broker, commands_queue(partition_of(elsewhere)), 5)
            assert [decode_command(d.body).id for d in got] == [command.id for command in sent]
            await until(lambda: only_unsent(database, 1_200))
        got = await taken(broker, commands_queue(partition_of(seaside)), 1_200)
        assert [decode_command(d.body).id for d in got] == [command.id for command in refused]
        await until(lambda: all_sent(database))


async def test_a_publisher_raises_for_a_message_that_reaches_no_queue(broker: str) -> None:
    publisher = Publisher(broker, "test")
    with pytest.raises(NotPublishedError):
        await publisher.publish([Outgoing("commands", "nowhere", "1", "book-room", b"{}")])
    await publisher.publish([Outgoing("commands", "00", "2", "book-room", b"{}")])
    await publisher.close()


async def test_while_the_broker_is_down_everything_stays_unsent(
    postgres_url: str, database: Pool, seaside: str
) -> None:
    await accept(database, seaside, 3)
    relay = relay_on(postgres_url, NOWHERE)
    async with running(relay):
        await until(lambda: "rabbitmq" in relay.commands.trouble)
    assert await unsent(database) >= 3


async def test_an_idle_relay_says_that_the_broker_is_down_and_when_it_is_back(
    postgres_url: str, broker: str, database: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("command_service.sending.RELAY_CHECK_SECONDS", 0.2)
    async with gate_to(broker) as gate:
        relay = relay_on(postgres_url, gate.url)
        ready = relay_readiness(database, relay)
        async with running(relay):
            await until(lambda: bool(relay.commands._answered and relay.events._answered))
            assert (await ready()).missing == {}
            monkeypatch.setattr("shared_contracts.transport.publishing.CHECK_SECONDS", 0.5)
            gate.freeze()
            await until(lambda: "rabbitmq" in relay.commands.trouble and "rabbitmq" in relay.events.trouble)
            assert set((await ready()).missing) == {"commands", "events"}
            gate.thaw()
            await until(lambda: not relay.commands.trouble and not relay.events.trouble)


async def test_how_long_the_oldest_has_waited_is_told_as_of_the_question(
    postgres_url: str, broker: str, database: Pool, seaside: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("command_service.readiness.BEHIND_SECONDS", 1)
    stuck = Stuck(broker, "test")
    relay = relay_on(postgres_url, broker, events=stuck)
    ready = relay_readiness(database, relay)
    async with running_until_cancelled(relay):
        await until(lambda: stuck.inside == 1)
        first = relay.events.waited()
        await until(lambda: relay.events.waited() > first + 1)
        assert "event" in (await ready()).behind


async def test_a_sender_rests_after_each_batch_that_was_not_full(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = [1, RELAY_BATCH, 2]
    sent: list[int] = []
    waited: list[float] = []
    rests: list[tuple[int, float]] = []

    async def slowly(_: Sender, __: object) -> int:
        await asyncio.sleep(0.1)
        sent.append(sizes[len(sent)])
        if len(sent) == len(sizes):
            stop.set()
        return sent[-1]

    def rest(seconds: float, size: int, full: int) -> float:
        waited.append(seconds)
        assert full == RELAY_BATCH
        return 0.3 if size < full else 0.0

    async def noted(event: asyncio.Event, seconds: float) -> bool:
        rests.append((len(sent), seconds))
        return await wait_for(event, seconds)

    monkeypatch.setattr(Sender, "_send_batch", slowly)
    monkeypatch.setattr(sending, "rest_seconds", rest)
    monkeypatch.setattr(sending, "wait_for", noted)
    monkeypatch.setattr(sending, "waited_for_a_core", asyncio.get_running_loop().time)  # as if no core had been free
    stop = asyncio.Event()
    await relay_on(postgres_url, NOWHERE).commands.run(cast("Session", None), stop)
    assert rests == [(1, 0.3), (3, 0.3)]
    assert min(waited) >= 0.09
