from datetime import timedelta

import aio_pika
import pytest
from pydantic import SecretStr

from command_service.database import Pool, connect
from command_service.ledger import Ledger
from command_service.lost import send_lost_again
from harness.waiting import until
from orders import AT
from relaying import accept, all_sent, relay_on, running, taken, unsent
from shared_contracts.envelope import decode_command
from shared_contracts.topology import commands_queue, partition_of

pytestmark = pytest.mark.usefixtures("impatient", "nothing_waits")


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
