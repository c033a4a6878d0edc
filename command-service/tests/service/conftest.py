"""The command service's parts on real servers, each test with hotels of its own."""

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx2
import pytest
from pydantic import SecretStr

from command_service.database import Pool, pool
from command_service.ledger import Ledger
from command_service.migrating import migrate
from orders import OPEN, ordered
from running import command_api
from shared_contracts.transport.access import Access
from shared_contracts.transport.amqp import declare_topology


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
