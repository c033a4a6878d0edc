from datetime import timedelta

import aio_pika
import pytest
from pydantic import SecretStr

from command_service import lost
from command_service.database import Pool, connect
from command_service.ledger import Ledger
from command_service.lost import send_lost_again
from harness.waiting import until
from orders import AT
from relaying import accept, all_sent, relay_on, running, taken, unsent
from shared_contracts.envelope import decode_command
from shared_contracts.topology import commands_queue, partition_of

pytestmark = pytest.mark.usefixtures("impatient", "nothing_waits")


async def stored_long_ago(database: Pool) -> None:
    """Have every command stored when it was accepted, which is long ago, and nothing looked for since."""
    await database.execute("UPDATE command SET stored_at = accepted_at")
    await database.execute("UPDATE decided_until SET until = $1", AT - timedelta(seconds=1))


async def test_commands_that_the_broker_lost_are_sent_again(
    postgres_url: str, broker: str, database: Pool, ledger: Ledger, seaside: str
) -> None:
    commands = await accept(database, seaside, 5)
    await ledger.decide(commands[:2])
    await stored_long_ago(database)
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
    await stored_long_ago(database)
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


async def test_one_that_was_stored_first_and_numbered_last_is_not_passed_over(
    postgres_url: str, broker: str, database: Pool, seaside: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lost, "LOST_BATCH", 1)
    commands = await accept(database, seaside, 2)
    await stored_long_ago(database)
    late, early = commands
    await database.execute("UPDATE command SET stored_at = $2 WHERE id = $1", late.id, late.at + timedelta(seconds=5))
    await database.execute("DELETE FROM command_outbox")
    session = await connect(SecretStr(postgres_url), "test")
    try:
        await send_lost_again(session, broker)
    finally:
        await session.close()
    assert await database.fetchval("SELECT command_id FROM command_outbox") == early.id
    assert await database.fetchval("SELECT until FROM decided_until") == early.at


async def test_one_is_looked_for_by_when_it_was_stored_whatever_the_clock_of_its_api_said(
    postgres_url: str, broker: str, database: Pool, seaside: str
) -> None:
    (command,) = await accept(database, seaside, 1)
    await stored_long_ago(database)
    await database.execute("UPDATE command SET accepted_at = accepted_at - interval '3 days'")
    await database.execute("DELETE FROM command_outbox")
    session = await connect(SecretStr(postgres_url), "test")
    try:
        await send_lost_again(session, broker)
    finally:
        await session.close()
    assert await database.fetchval("SELECT command_id FROM command_outbox") == command.id
