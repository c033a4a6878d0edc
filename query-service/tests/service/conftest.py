"""The query service's parts on a real server of the MongoDB protocol, each test in a database of its own."""

from collections.abc import AsyncIterator
from contextlib import closing
from uuid import uuid4

import httpx2
import pytest
from histories import Booked, History
from serving import query_api
from stand_ins import FeedInMemory, Projector, projector_of

from query_service.documents import Documents
from query_service.readiness import COLLECTIONS
from shared_contracts.transport.access import Access

SECONDS = 10.0


@pytest.fixture(autouse=True)
def a_pause_is_no_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store is asked with more patience than in service: the machine may pause."""
    monkeypatch.setattr("query_service.documents.SERVER_SELECTION_SECONDS", SECONDS)
    monkeypatch.setattr("query_service.readiness.READINESS_SECONDS", 30)


@pytest.fixture
def database() -> str:
    """The name of a database that nobody else uses."""
    return f"test-{uuid4().hex[:12]}"


@pytest.fixture
async def documents(mongodb_url: str, database: str) -> AsyncIterator[Documents]:
    with closing(Documents(mongodb_url, database, SECONDS)) as opened:
        await opened.create(COLLECTIONS)
        yield opened
        await opened._client.drop_database(database)


@pytest.fixture
def feed() -> FeedInMemory:
    return FeedInMemory()


@pytest.fixture
def projector(documents: Documents, feed: FeedInMemory) -> Projector:
    return projector_of(documents, feed)


@pytest.fixture
def history() -> History:
    """A hotel with a little of everything."""
    history = History().opened().allowed("DBL", 0, 60, 2)
    history.cancelled(history.booked(3, 5))
    history.no_show(history.booked(0, 3))
    staying, leaving = history.booked(0, 4), history.booked(0, 6, "STE")
    history.arrives(staying, "101")
    history.arrives(leaving, "201")
    history.until(1)
    history.assigned(staying, "102")
    history.checked_out(leaving)
    history.booked(1, 40)
    return history


@pytest.fixture
async def projected(projector: Projector, feed: FeedInMemory, history: History) -> History:
    """Every event of the hotel is in its documents, and the feed has them."""
    feed.events[history.hotel_id] = history.events  # the same list: what happens later is there too
    await projector.take(*history.events)
    return history


@pytest.fixture
async def api(documents: Documents) -> AsyncIterator[httpx2.AsyncClient]:
    async with query_api(documents, Access(None)) as client:
        yield client


@pytest.fixture
async def staying(projector: Projector) -> tuple[History, Booked]:
    """A hotel with a guest in room 101 for four nights, and its documents."""
    history = History().opened()
    booked = history.booked(0, 4)
    history.arrives(booked, "101")
    await projector.take(*history.events)
    return history, booked
