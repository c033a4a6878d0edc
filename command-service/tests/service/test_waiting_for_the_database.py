import asyncio

import pytest
from prometheus_client import CollectorRegistry

from command_service.database import Pool
from command_service.deciding import StoppedError
from command_service.ledger import Ledger
from faulty import Faulty, deciding, deliveries
from orders import ordered
from recorded import events_of, outcomes_of
from seaside import book


@pytest.mark.usefixtures("quick_retries")
async def test_a_commit_whose_reply_is_lost_is_run_again_and_counts_once(
    ledger: Ledger, database: Pool, seaside: str
) -> None:
    command = ordered(seaside, book(1, 4))
    await deciding(Faulty(ledger, lose_commits=1)).handle(deliveries(command))
    assert await outcomes_of(database, [command]) == [("succeeded", None)]
    assert len(await events_of(database, seaside)) == 2


@pytest.mark.usefixtures("quick_retries")
async def test_while_the_database_is_down_the_batch_waits(ledger: Ledger, database: Pool, seaside: str) -> None:
    command = ordered(seaside, book(1, 4))
    registry = CollectorRegistry()
    await deciding(Faulty(ledger, outages=20), registry=registry).handle(deliveries(command))
    assert await outcomes_of(database, [command]) == [("succeeded", None)]
    assert registry.get_sample_value("innkeep_database_retries_total") == 20


async def test_told_to_stop_while_the_database_is_down_the_worker_gives_the_batch_back(
    ledger: Ledger, seaside: str
) -> None:
    stop = asyncio.Event()
    stop.set()
    with pytest.raises(StoppedError):
        await deciding(Faulty(ledger, outages=1), stop).handle(deliveries(ordered(seaside, book(1, 4))))
