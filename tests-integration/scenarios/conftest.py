"""The pair, running for real, shared by the scenarios; each has a hotel of its own."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from harness.front_desk import OPENING, FrontDesk
from harness.pair import Pair, running_pair


@pytest.fixture(scope="session")
async def pair(
    postgres_url: str, rabbitmq_url: str, mongodb_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Pair]:
    """One of each process."""
    directory: Path = tmp_path_factory.mktemp("pair")
    async with running_pair(postgres_url, rabbitmq_url, mongodb_url, directory) as pair:
        yield pair


@pytest.fixture
async def desk(pair: Pair) -> AsyncIterator[FrontDesk]:
    """The front desk of a hotel that nobody has opened yet."""
    async with httpx2.AsyncClient(timeout=40) as client:
        yield FrontDesk(client, pair, f"hotel-{uuid4().hex[:12]}")


@pytest.fixture
async def seaside(desk: FrontDesk) -> FrontDesk:
    """The front desk of an opened hotel."""
    await desk.succeed("open-hotel", OPENING)
    return desk
