"""The command service's parts on real servers, each test with hotels of its own."""

from collections.abc import AsyncIterator
from uuid import uuid4

import aio_pika
import httpx2
import pytest
from pydantic import SecretStr

from command_service.database import Connection, Pool, pool
from command_service.ledger import Ledger
from command_service.migrating import migrate
from houses import a_busy_house
from orders import OPEN, ordered
from recorded import record
from running import command_api
from shared_contracts.topology import QUEUES
from shared_contracts.transport.access import Access
from shared_contracts.transport.amqp import declare_topology


@pytest.fixture(autouse=True)
def a_pause_is_no_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers are asked with more patience than in service: the machine may pause."""
    monkeypatch.setattr("command_service.readiness.READINESS_SECONDS", 30)
    monkeypatch.setattr("command_service.durability.READINESS_SECONDS", 30)


@pytest.fixture(scope="session")
async def database(postgres_url: str) -> AsyncIterator[Pool]:
    url = SecretStr(postgres_url)
    await migrate(url)
    async with pool(url, "innkeep-tests", 10) as opened:
        yield opened


@pytest.fixture(scope="session")
async def broker(rabbitmq_url: str) -> str:
    await declare_topology(rabbitmq_url)
    return rabbitmq_url


@pytest.fixture
async def api(database: Pool) -> AsyncIterator[httpx2.AsyncClient]:
    async with command_api(database, Access(None)) as client:
        yield client


@pytest.fixture
def ledger(database: Pool) -> Ledger:
    return Ledger(database)


@pytest.fixture
async def registered(database: Pool) -> str:
    """A hotel whose opening has been accepted and not yet decided."""
    hotel_id = f"hotel-{uuid4().hex[:12]}"
    await database.execute("INSERT INTO hotel (hotel_id) VALUES ($1)", hotel_id)
    return hotel_id


@pytest.fixture
async def seaside(registered: str, ledger: Ledger) -> str:
    """An opened hotel with two doubles and a suite."""
    await ledger.decide([ordered(registered, OPEN)])
    return registered


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("command_service.deciding.FIRST_RETRY_SECONDS", 0.001)
    monkeypatch.setattr("command_service.deciding.DATABASE_RETRY_SECONDS", 0.001)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("command_service.relay.LOST_LOOK_SECONDS", 0.1)


@pytest.fixture
async def nothing_waits(broker: str, database: Pool) -> None:
    """Nothing of other tests waits in the outboxes and on the broker."""
    await database.execute("TRUNCATE command_outbox, event_outbox, command")
    await database.execute("UPDATE decided_until SET until = clock_timestamp()")
    async with await aio_pika.connect(broker) as connection:
        channel = await connection.channel()
        for queue in QUEUES:
            await (await channel.get_queue(queue.name)).purge()


@pytest.fixture
async def session(database: Pool) -> AsyncIterator[Connection]:
    async with database.acquire() as connection:
        yield connection


@pytest.fixture
async def busy(registered: str, ledger: Ledger, database: Pool) -> str:
    """A hotel in which everything has happened, and nothing is amiss."""
    await record(database, ledger, a_busy_house(registered))
    return registered
