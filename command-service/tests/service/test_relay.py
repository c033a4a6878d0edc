import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import aio_pika
import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from command_service.acceptance import Acceptance, Answer
from command_service.database import Pool, connect, pool
from command_service.ledger import Ledger
from command_service.lost import send_lost_again
from command_service.metrics import ApiMetrics, RelayMetrics
from command_service.outbox import COMMANDS, EVENTS
from command_service.readiness import relay_readiness
from command_service.relay import Relay
from command_service.sending import Sender
from harness.gate import gate_to
from harness.waiting import until
from orders import AT, ordered
from seaside import book
from shared_contracts.envelope import decode_command, decode_event
from shared_contracts.topology import QUEUES, commands_queue, events_queue, partition_of
from shared_contracts.transport.consuming import Consumer, Delivery
from shared_contracts.transport.publishing import NotPublishedError, Outgoing, Publisher

SOON = 10


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("command_service.relay.LOST_LOOK_SECONDS", 0.1)


@pytest.fixture(autouse=True)
async def _empty(broker: str, database: Pool) -> None:
    """Nothing of other tests waits."""
    await database.execute("TRUNCATE command_outbox, event_outbox, command")
    await database.execute("UPDATE decided_until SET until = clock_timestamp()")
    async with await aio_pika.connect(broker) as connection:
        channel = await connection.channel()
        for queue in QUEUES:
            await (await channel.get_queue(queue.name)).purge()


NOWHERE = "amqp://innkeep:x@127.0.0.1:9/innkeep"


def relay_on(postgres_url: str, broker: str, *, events: Publisher | None = None) -> Relay:
    metrics = RelayMetrics(CollectorRegistry())
    commands = Sender(COMMANDS, Publisher(broker, "test-commands"), metrics)
    return Relay(
        SecretStr(postgres_url),
        broker,
        commands,
        Sender(EVENTS, events or Publisher(broker, "test-events"), metrics),
        metrics,
    )


@asynccontextmanager
async def running(*relays: Relay) -> AsyncIterator[None]:
    stop = asyncio.Event()
    tasks = [asyncio.create_task(relay.run(stop)) for relay in relays]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)


@asynccontextmanager
async def running_until_cancelled(relay: Relay) -> AsyncIterator[None]:
    task = asyncio.create_task(relay.run(asyncio.Event()))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def taken(broker: str, queue: str, count: int) -> list[Delivery]:
    """The first messages of a queue, acknowledged."""
    got: list[Delivery] = []
    stop = asyncio.Event()

    async def handle(batch: Sequence[Delivery]) -> None:
        got.extend(batch)
        if len(got) >= count:
            stop.set()

    async with asyncio.timeout(SOON):
        await Consumer(broker, "test", [queue], 50, 50, handle).run(stop)
    return got


async def accept(database: Pool, hotel_id: str, count: int) -> list:
    acceptance = Acceptance(database, ApiMetrics(CollectorRegistry()))
    stop = asyncio.Event()
    loop = asyncio.create_task(acceptance.run(stop))
    commands = [ordered(hotel_id, book(5, 6)) for _ in range(count)]
    assert set(await acceptance.accept(commands)) == {Answer.ACCEPTED}
    stop.set()
    await loop
    return commands


async def unsent(database: Pool) -> int:
    return int(
        await database.fetchval("SELECT (SELECT count(*) FROM command_outbox) + (SELECT count(*) FROM event_outbox)")
    )


async def only_unsent(database: Pool, count: int) -> bool:
    return await unsent(database) == count


async def all_sent(database: Pool) -> bool:
    return await only_unsent(database, 0)


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


async def test_one_relay_leads_and_the_other_takes_over(postgres_url: str, broker: str, database: Pool) -> None:
    first, second = relay_on(postgres_url, broker), relay_on(postgres_url, broker)
    async with running(second):
        async with running(first):
            await until(lambda: first.leading or second.leading)
            assert first.leading is not second.leading
            await database.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'innkeep-relay%'"
            )
            await until(lambda: first.leading or second.leading)
        await until(lambda: second.leading)


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


class Stuck(Publisher):
    """Never has an answer; counts how many wait for one at once."""

    entered = inside = most = 0

    async def publish(self, messages: Sequence[Outgoing], seconds: float = 0) -> None:  # noqa: ARG002
        self.entered += 1
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            await asyncio.Event().wait()
        finally:
            self.inside -= 1


async def ends_sessions(database: Pool, name: str) -> None:
    await database.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE $1", name
    )


@pytest.mark.parametrize("lost", ["innkeep-relay", "innkeep-relay-commands", "innkeep-relay-lost"])
async def test_a_relay_that_loses_a_session_stops_sending_before_it_leads_again(
    postgres_url: str, broker: str, database: Pool, seaside: str, lost: str
) -> None:
    stuck = Stuck(broker, "test")
    relay = relay_on(postgres_url, broker, events=stuck)
    async with running_until_cancelled(relay):
        await until(lambda: stuck.inside == 1)
        await ends_sessions(database, lost)
        await until(lambda: stuck.entered == 2)
        assert stuck.most == 1
        assert relay.trouble == ""


async def test_a_leader_that_is_silent_loses_its_lock_to_another(
    postgres_url: str, broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("command_service.relay.LEADER_SILENCE_SECONDS", 1)
    monkeypatch.setattr("command_service.relay.LEADER_BEAT_SECONDS", 0.3)
    async with gate_to(postgres_url) as gate:
        first, second = relay_on(gate.url, broker), relay_on(postgres_url, broker)
        async with running(first):
            await until(lambda: first.leading)
            async with running(second):
                await asyncio.sleep(2)  # twice as long as a leader may be silent
                assert first.leading
                gate.freeze()
                await until(lambda: second.leading, 5)
                gate.thaw()
                await until(lambda: not first.leading and not first.trouble)
                assert second.leading


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
    monkeypatch.setattr("shared_contracts.transport.publishing.CHECK_SECONDS", 0.5)
    async with gate_to(broker) as gate:
        relay = relay_on(postgres_url, gate.url)
        ready = relay_readiness(database, relay)
        async with running(relay):
            await until(lambda: relay.leading)
            await asyncio.sleep(0.5)
            assert (await ready()).missing == {}
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


async def test_readiness_answers_in_time_while_postgresql_holds_still(
    postgres_url: str, broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("command_service.readiness.READINESS_SECONDS", 0.5)
    async with gate_to(postgres_url) as gate, pool(SecretStr(gate.url), "test", 1) as database:
        ready = relay_readiness(database, relay_on(postgres_url, broker))
        assert (await ready()).missing == {}
        gate.freeze()
        for _ in range(3):
            async with asyncio.timeout(1):
                assert list((await ready()).missing) == ["postgresql"]
        gate.thaw()

        async def well() -> bool:
            return not (await ready()).missing

        await until(well)


async def test_a_statement_on_a_session_of_its_own_ends_while_postgresql_holds_still(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("command_service.database.COMMAND_SECONDS", 0.3)
    async with gate_to(postgres_url) as gate:
        session = await connect(SecretStr(gate.url), "test")
        gate.freeze()
        async with asyncio.timeout(3):
            with pytest.raises(TimeoutError):
                await session.fetchval("SELECT 1")
        assert not session.is_closed()
        session.terminate()


async def test_a_queue_has_one_active_consumer_and_the_second_takes_over_in_order(broker: str) -> None:
    publisher = Publisher(broker, "test")
    sent = [Outgoing("commands", "03", str(n), "book-room", str(n).encode()) for n in range(200)]
    got: dict[str, list[bytes]] = {"first": [], "second": []}
    stops = {name: asyncio.Event() for name in got}

    def handler(name: str):  # noqa: ANN202
        async def handle(batch: Sequence[Delivery]) -> None:
            if name == "first" and len(got["first"]) >= 50:
                stops["first"].set()
                raise RuntimeError("dies with the batch in hand")
            got[name].extend(delivery.body for delivery in batch)

        return handle

    consumers = {n: Consumer(broker, f"test-{n}", [commands_queue(3)], 20, 10, handler(n)) for n in got}
    first = asyncio.create_task(consumers["first"].run(stops["first"]))
    await until(lambda: consumers["first"].connected)
    second = asyncio.create_task(consumers["second"].run(stops["second"]))
    await until(lambda: consumers["second"].connected)
    await publisher.publish(sent)
    await first
    await until(lambda: len(got["first"]) + len(got["second"]) >= 200)
    stops["second"].set()
    await second
    await publisher.close()
    assert got["first"] + got["second"] == [message.body for message in sent]
    assert 50 <= len(got["first"]) < 60
    assert consumers["second"].redelivered > 0


async def test_commands_that_the_broker_lost_are_sent_again(
    postgres_url: str, broker: str, database: Pool, ledger: Ledger, seaside: str
) -> None:
    commands = await accept(database, seaside, 5)
    await ledger.decide(commands[:2])
    await database.execute("UPDATE decided_until SET until = $1", AT - timedelta(seconds=1))
    queue = commands_queue(partition_of(seaside))
    async with running(relay_on(postgres_url, broker)):
        await until(lambda: all_sent(database))
        async with await aio_pika.connect(broker) as connection:
            await (await (await connection.channel()).get_queue(queue)).purge()
        first_three = [decode_command(d.body).id for d in await taken(broker, queue, 3)]
    assert first_three == [command.id for command in commands[2:]]


async def test_what_waits_in_its_queue_is_not_sent_again(
    postgres_url: str, broker: str, database: Pool, seaside: str
) -> None:
    commands = await accept(database, seaside, 3)
    await database.execute("UPDATE decided_until SET until = $1", AT - timedelta(seconds=1))
    session = await connect(SecretStr(postgres_url), "test")
    try:
        async with running(relay_on(postgres_url, broker)):
            await until(lambda: all_sent(database))
            assert await send_lost_again(session, broker) is False
            assert await unsent(database) == 0
            until_then = await database.fetchval("SELECT until FROM decided_until")
            assert until_then == commands[0].at
    finally:
        await session.close()
