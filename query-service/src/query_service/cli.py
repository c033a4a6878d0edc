"""The composition roots of the query service: each builds what one process is made of, and runs it."""

import asyncio
from contextlib import closing

import orjson
import structlog
import typer
import uvloop
from starlette.applications import Starlette

from query_service.api.answering import Answering
from query_service.api.app import build_app
from query_service.api.routes import Routes
from query_service.catching_up import CatchingUp
from query_service.documents import Documents
from query_service.feed import Feed
from query_service.keeping import Keeping
from query_service.metrics import ProjectorMetrics
from query_service.parking import Parking
from query_service.projecting import Projecting
from query_service.readiness import COLLECTIONS, api_readiness, projector_readiness
from query_service.reconcile_cli import reconcile
from query_service.settings import (
    API_READ_SECONDS,
    PROJECTION_BATCH,
    PROJECTION_PREFETCH,
    PROJECTOR_SECONDS,
    Settings,
)
from query_service.waiting import Waiting
from shared_contracts.topology import PARTITIONS, events_queue
from shared_contracts.transport.access import access_of
from shared_contracts.transport.consuming import Consumer
from shared_contracts.transport.crashing import arm
from shared_contracts.transport.logs import configure
from shared_contracts.transport.observing import Measured, new_registry, observation_routes
from shared_contracts.transport.process import run

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
parked = typer.Typer(no_args_is_help=True, help="Hotels and messages that wait for an operator.")
app.add_typer(parked, name="parked")
app.command()(reconcile)


@app.command()
def migrate() -> None:
    """Create the collections of this release. Idempotent."""
    uvloop.run(_migrate(_start("query-migrate")))


@app.command()
def api() -> None:
    """Answer queries over HTTP."""
    uvloop.run(_api(_start("query-api")))


@app.command()
def projector() -> None:
    """Fold events into documents; a second one stands by for each partition."""
    uvloop.run(_projector(_start("projector")))


@parked.command("list")
def list_parked() -> None:
    """Print what is parked, a JSON object a line."""
    uvloop.run(_list_parked(_settings()))


@parked.command()
def resume(hotel: str) -> None:
    """Go on with a hotel from where it was parked, once its event can be applied."""
    if not uvloop.run(_resume(_settings(), hotel)):
        typer.echo(f"{hotel} is not parked.", err=True)
        raise typer.Exit(1)


def _settings() -> Settings:
    return Settings()  # pyright: ignore[reportCallIssue]  # its fields come from the environment


def _start(service: str) -> Settings:
    settings = _settings()
    configure(service, settings.log_level)
    arm()
    structlog.get_logger().info("starting", port=settings.port)
    return settings


def _documents(settings: Settings, seconds: float) -> Documents:
    return Documents(settings.mongodb_url.get_secret_value(), settings.mongodb_database, seconds)


async def _migrate(settings: Settings) -> None:
    with closing(_documents(settings, PROJECTOR_SECONDS)) as documents:
        await documents.create(COLLECTIONS)


async def _api(settings: Settings) -> None:
    tokens = settings.tokens.get_secret_value() if settings.tokens else None
    access = access_of(tokens, settings.environment)
    with closing(_documents(settings, API_READ_SECONDS)) as documents:
        waiting = Waiting(documents)
        routes = Routes(Answering(documents, waiting, access))
        registry = new_registry()
        http = build_app(routes, observation_routes(registry, api_readiness(documents)))
        await run(Measured(http, registry), settings.host, settings.port, asyncio.Event(), waiting.run)


async def _projector(settings: Settings) -> None:
    registry = new_registry()
    metrics = ProjectorMetrics(registry)
    stop = asyncio.Event()
    token = settings.command_api_token.get_secret_value() if settings.command_api_token else None
    with closing(_documents(settings, PROJECTOR_SECONDS)) as documents:
        async with Feed(settings.command_api_url, token) as feed:
            projecting = Projecting(Keeping(documents, metrics), feed, Parking(documents), metrics, stop)
            catching_up = CatchingUp(projecting, feed)
            consumer = Consumer(
                url=settings.rabbitmq_url.get_secret_value(),
                name="innkeep-projector",
                queues=[events_queue(partition) for partition in range(PARTITIONS)],
                prefetch=PROJECTION_PREFETCH,
                batch=PROJECTION_BATCH,
                handle=projecting.handle,
            )
            readiness = projector_readiness(documents, consumer, catching_up)
            http = Starlette(routes=observation_routes(registry, readiness))
            await run(http, settings.host, settings.port, stop, consumer.run, catching_up.run)


async def _list_parked(settings: Settings) -> None:
    with closing(_documents(settings, PROJECTOR_SECONDS)) as documents:
        parking = Parking(documents)
        for record in [*await parking.hotels(), *await parking.messages()]:
            record.pop("body", None)
            typer.echo(orjson.dumps(record))


async def _resume(settings: Settings, hotel: str) -> bool:
    with closing(_documents(settings, PROJECTOR_SECONDS)) as documents:
        return await Parking(documents).resume(hotel)
