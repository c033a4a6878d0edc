"""A rebuild as its process would make it, and questions about what it leaves behind."""

import asyncio
from dataclasses import dataclass
from typing import Any

from histories import History, documents_of
from prometheus_client import CollectorRegistry
from stand_ins import FeedInMemory, as_stored

from query_service.copying import Copying
from query_service.current_documents import CurrentDocuments
from query_service.documents import Documents
from query_service.keeping import Keeping
from query_service.metrics import ProjectorMetrics
from query_service.parking import Parking
from query_service.projections.catalog import PROJECTIONS
from query_service.rebuild_progress import Progress
from query_service.rebuilding import Rebuilding
from query_service.rounds import Pace
from query_service.routes import Route
from query_service.routing import Routing
from shared_contracts.envelope import EventEnvelope

HOTEL = "seaside"
MONTH = f"{HOTEL}/2016-07"
SWITCH_SECONDS = 0.15
ROUTES_SECONDS = 0.05


@dataclass
class Rebuild:
    """The parts of one, begun."""

    rebuilding: Rebuilding
    routing: Routing
    stop: asyncio.Event

    async def whole(self) -> None:
        """As the command does it, whatever differs."""
        await self.rebuilding.bring_up_to_date()
        await self.rebuilding.compare()
        await self.rebuilding.switch()


async def rebuild_of(documents: Documents, feed: FeedInMemory, *kinds: str, back: bool = False) -> Rebuild:
    """A rebuild of these kinds, announced; or their roll-back."""
    routing, progress, stop = Routing(documents), Progress(), asyncio.Event()
    routes = [await (routing.announce_previous(kind) if back else routing.announce(kind)) for kind in kinds]
    keeping = Keeping(documents, ProjectorMetrics(CollectorRegistry()))
    copying = Copying(documents, keeping, feed, Parking(documents), routes, Pace(stop, rests=0), progress.folded)
    return Rebuild(Rebuilding(routing, copying, feed, progress, SWITCH_SECONDS), routing, stop)


async def route_of(documents: Documents, kind: str) -> Route:
    """Where the kind is now."""
    return (await Routing(documents).routes())[kind]


async def served(documents: Documents, events: list[EventEnvelope]) -> dict[tuple[str, str], Any]:
    """What readers find of the documents that the events make."""
    reader = CurrentDocuments(documents)
    found: dict[tuple[str, str], Any] = {}
    for projection in PROJECTIONS:
        ids = {key for event in events for key in projection.keys(event)}
        there = await reader.find(projection.collection, ids)
        found |= {(projection.collection, key): document for key, document in there.items()}
    return found


async def damage(documents: Documents) -> None:
    """Make a month's availability wrong."""
    month = (await documents.find("availability", [MONTH]))[MONTH]
    await documents.put("availability", {**month, "types": {}})


async def assert_right(documents: Documents, history: History) -> None:
    """Assert that readers find just what the events make."""
    assert await served(documents, history.events) == as_stored(documents_of(history.events))
