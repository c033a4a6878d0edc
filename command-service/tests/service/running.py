"""The command service's application, running in the test's own loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from prometheus_client import CollectorRegistry

from command_service.acceptance import Acceptance
from command_service.api.app import build_app
from command_service.api.commands import CommandRoutes
from command_service.api.outcomes import Outcomes
from command_service.api.reading import ReadingRoutes
from command_service.api.reads import Reads
from command_service.database import Pool
from command_service.metrics import ApiMetrics
from shared_contracts.transport.access import Access


@asynccontextmanager
async def command_api(
    database: Pool, access: Access, stop: asyncio.Event | None = None
) -> AsyncIterator[httpx2.AsyncClient]:
    """The application with its loops, spoken to without a socket; ``stop`` ends the loops, as a signal would."""
    acceptance = Acceptance(database, ApiMetrics(CollectorRegistry()))
    reads = Reads(database)
    outcomes = Outcomes(reads)
    app = build_app(CommandRoutes(acceptance, outcomes, access), ReadingRoutes(reads, outcomes, access), observation=[])
    stop = stop or asyncio.Event()
    loops = [asyncio.create_task(loop(stop)) for loop in (acceptance.run, outcomes.run)]
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://innkeep") as client:
        yield client
    stop.set()
    await asyncio.gather(*loops)
