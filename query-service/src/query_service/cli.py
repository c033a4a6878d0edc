"""The composition roots of the query service: each builds what one process is made of, and runs it."""

import asyncio
from contextlib import closing
from typing import TypeVar

import structlog
import typer
import uvloop
from starlette.applications import Starlette

from query_service import parked_cli
from query_service.api.answering import Answering
from query_service.api.app import build_app
from query_service.api.routes import Routes
from query_service.catching_up import CatchingUp
from query_service.current_documents import CurrentDocuments
from query_service.documents import Documents
from query_service.feed import Feed
from query_service.joining import JoinedFinds
from query_service.keeping import Keeping
from query_service.marks import Marks
from query_service.members import Projectors
from query_service.metrics import ProjectorMetrics
from query_service.parking import Parking
from query_service.projecting import Projecting
from query_service.readiness import api_readiness, needed, projector_readiness
from query_service.rebuild_cli import rebuild
from query_service.reconcile_cli import reconcile
from query_service.reconciling import Reconciling
from query_service.rounds import Pace, Rounds, share_of
from query_service.settings import (
    API_READ_SECONDS,
    PROJECTION_BATCH,
    PROJECTION_PREFETCH,
    PROJECTOR_SECONDS,
    ROUND_PAGE,
    ProjectorSettings,
    Settings,
)
from query_service.waiting import Waiting
from shared_contracts.topology import PARTITIONS, events_queue
from shared_contracts.transport.access import access_of
from shared_contracts.transport.consuming import Consumer
from shared_contracts.transport.crashing import arm
from shared_contracts.transport.environment import settings_from_environment
from shared_contracts.transport.logs import configure
from shared_contracts.transport.observing import Measured, new_registry, observation_routes
from shared_contracts.transport.process import run
from shared_contracts.transport.sharing import Sharing
from shared_contracts.transport.sharing_metrics import watch_shares

Told = TypeVar("Told", bound=Settings)

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
app.add_typer(parked_cli.app, name="parked")
app.command()(reconcile)
app.command()(rebuild)


@app.command()
def migrate() -> None:
    """Create the collections of this release. Idempotent."""
    uvloop.run(_migrate(_start("query-migrate", Settings)))


@app.command()
def api() -> None:
    """Answer queries over HTTP."""
    uvloop.run(_api(_start("query-api", Settings)))


@app.command()
def projector() -> None:
    """Fold events into documents; all that run share the partitions evenly."""
    uvloop.run(_projector(_start("projector", ProjectorSettings)))


def _start(service: str, kind: type[Told]) -> Told:
    settings = settings_from_environment(kind)
    configure(service, settings.log_level)
    arm()
    structlog.get_logger().info("starting", port=settings.port)
    return settings


def _documents(settings: Settings, seconds: float) -> Documents:
    return Documents(settings.mongodb_url.get_secret_value(), settings.mongodb_database, seconds)


async def _migrate(settings: Settings) -> None:
    with closing(_documents(settings, PROJECTOR_SECONDS)) as documents:
        await documents.create(await needed(documents))


async def _api(settings: Settings) -> None:
    tokens = settings.tokens.get_secret_value() if settings.tokens else None
    access = access_of(tokens, settings.environment)
    with closing(_documents(settings, API_READ_SECONDS)) as documents:
        waiting = Waiting(JoinedFinds(documents, API_READ_SECONDS))
        marks = Marks(JoinedFinds(documents, API_READ_SECONDS))  # of its own: a mark is two looks in their order
        finds = JoinedFinds(CurrentDocuments(documents), API_READ_SECONDS)
        routes = Routes(Answering(finds, waiting, access, marks))
        registry = new_registry()
        http = build_app(routes, observation_routes(registry, api_readiness(documents)))
        await run(Measured(http, registry), settings.host, settings.port, asyncio.Event(), waiting.run)


async def _projector(settings: ProjectorSettings) -> None:
    registry = new_registry()
    metrics = ProjectorMetrics(registry)
    stop = asyncio.Event()
    token = settings.command_api_token.get_secret_value() if settings.command_api_token else None
    with closing(_documents(settings, PROJECTOR_SECONDS)) as documents:
        async with Feed(settings.command_api_url, token) as feed:
            projecting = Projecting(Keeping(documents, metrics), feed, Parking(documents), metrics, stop)
            catching_up = CatchingUp(projecting, feed)
            sharing = Sharing(Projectors(documents), [events_queue(partition) for partition in range(PARTITIONS)])
            consumer = Consumer(
                url=settings.rabbitmq_url.get_secret_value(),
                name="innkeep-projector",
                queues=sharing.queues,
                prefetch=PROJECTION_PREFETCH,
                batch=PROJECTION_BATCH,
                handle=projecting.handle,
                sharing=sharing,
            )
            watch_shares(registry, consumer, sharing)
            pace = Pace(stop)
            reconciling = Reconciling(feed, CurrentDocuments(documents), ROUND_PAGE, pace.rest)
            rounds = Rounds(reconciling, feed, share_of(sharing), projecting.leave_behind, metrics, pace)
            readiness = projector_readiness(documents, consumer, catching_up, rounds)
            http = Starlette(routes=observation_routes(registry, readiness))
            loops = (consumer.run, sharing.run, catching_up.run, rounds.run)
            await run(http, settings.host, settings.port, stop, *loops)
