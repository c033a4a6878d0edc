import asyncio
from collections.abc import Sequence

import pytest
from pydantic import SecretStr

from command_service.database import Pool, connect, pool
from command_service.readiness import relay_readiness
from harness.gate import gate_to
from harness.waiting import until
from relaying import (
    Stuck,
    ends_sessions,
    relay_on,
    running,
    running_until_cancelled,
)
from shared_contracts.topology import commands_queue
from shared_contracts.transport.consuming import Consumer, Delivery
from shared_contracts.transport.outgoing import Outgoing
from shared_contracts.transport.publishing import Publisher

pytestmark = pytest.mark.usefixtures("impatient", "nothing_waits")


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
    monkeypatch.setattr("command_service.relay.LEADER_SILENCE_SECONDS", 5)
    monkeypatch.setattr("command_service.relay.LEADER_BEAT_SECONDS", 0.3)
    async with gate_to(postgres_url) as gate:
        first, second = relay_on(gate.url, broker), relay_on(postgres_url, broker)
        async with running(first):
            await until(lambda: first.leading)
            async with running(second):
                await asyncio.sleep(6)  # longer than a leader may be silent
                assert first.leading
                gate.freeze()
                await until(lambda: second.leading, 20)
                gate.thaw()
                await until(lambda: not first.leading and not first.trouble)
                assert second.leading


async def test_readiness_answers_in_time_while_postgresql_holds_still(
    postgres_url: str, broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with gate_to(postgres_url) as gate, pool(SecretStr(gate.url), "test", 1) as database:
        ready = relay_readiness(database, relay_on(postgres_url, broker))
        assert (await ready()).missing == {}
        monkeypatch.setattr("command_service.readiness.READINESS_SECONDS", 0.5)
        gate.freeze()
        for _ in range(3):
            async with asyncio.timeout(15):
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
        async with asyncio.timeout(15):
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
