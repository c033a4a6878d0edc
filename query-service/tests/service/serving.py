"""The query API as its clients see it, without a port."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

import httpx2
from prometheus_client import CollectorRegistry

from query_service.api.answering import Answering
from query_service.api.app import build_app
from query_service.api.routes import Routes
from query_service.documents import Documents
from query_service.marks import Marks
from query_service.readiness import api_readiness
from query_service.settings import MARK_SECONDS
from query_service.waiting import Waiting
from shared_contracts.transport.access import Access
from shared_contracts.transport.observing import observation_routes

WAIT_SECONDS = 0.5


@asynccontextmanager
async def query_api(
    documents: Documents, access: Access, seconds: float = WAIT_SECONDS
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the application over these documents; marks are looked at for each request.

    So many seconds are waited for a position.
    """
    waiting, stop = Waiting(documents, seconds), asyncio.Event()
    routes = Routes(Answering(documents, waiting, access, Marks(documents, count(0.0, MARK_SECONDS).__next__)))
    app = build_app(routes, observation_routes(CollectorRegistry(), api_readiness(documents)))
    running = asyncio.create_task(waiting.run(stop))
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://query-api") as client:
        yield client
    stop.set()
    await running
