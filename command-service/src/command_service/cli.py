"""The composition roots of the command service: each builds what one process is made of, and runs it."""

import asyncio
from typing import TypeVar

import structlog
import typer
import uvloop
from starlette.applications import Starlette

from command_service import parked_cli, reconcile_cli
from command_service.acceptance import Acceptance
from command_service.api.app import build_app
from command_service.api.commands import CommandRoutes
from command_service.api.outcomes import Outcomes
from command_service.api.reading import ReadingRoutes
from command_service.api.reads import Reads
from command_service.database import pool
from command_service.deciding import Deciding
from command_service.ledger import Ledger
from command_service.members import Workers
from command_service.metrics import ApiMetrics, RelayMetrics, WorkerMetrics
from command_service.migrating import migrate as migrate_database
from command_service.outbox import COMMANDS, EVENTS
from command_service.readiness import api_readiness, relay_readiness, worker_readiness
from command_service.relay import Relay
from command_service.rounds import Rounds
from command_service.sending import Sender
from command_service.settings import API_POOL, WORKER_BATCH, WORKER_POOL, WORKER_PREFETCH, BrokerSettings, Settings
from command_service.waiting_room import WaitingRoom
from shared_contracts.topology import PARTITIONS, commands_queue
from shared_contracts.transport.access import access_of
from shared_contracts.transport.amqp import declare_topology
from shared_contracts.transport.consuming import Consumer
from shared_contracts.transport.crashing import arm
from shared_contracts.transport.environment import settings_from_environment
from shared_contracts.transport.logs import configure
from shared_contracts.transport.observing import Measured, new_registry, observation_routes
from shared_contracts.transport.process import run
from shared_contracts.transport.publishing import Publisher
from shared_contracts.transport.sharing import Sharing
from shared_contracts.transport.sharing_metrics import watch_shares

Told = TypeVar("Told", bound=Settings)

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
app.add_typer(parked_cli.app, name="parked")
app.command()(reconcile_cli.reconcile)


@app.command()
def migrate() -> None:
    """Bring the database to this release and declare the broker's exchanges and queues. Idempotent."""
    uvloop.run(_migrate(_start("migrate", BrokerSettings)))


@app.command()
def api() -> None:
    """Accept commands over HTTP, tell their status, and serve the event feed."""
    uvloop.run(_api(_start("command-api", Settings)))


@app.command()
def relay() -> None:
    """Queue accepted commands and publish events; a second one stands by."""
    uvloop.run(_relay(_start("relay", BrokerSettings)))


@app.command()
def worker() -> None:
    """Decide queued commands; all that run share the partitions evenly."""
    uvloop.run(_worker(_start("worker", BrokerSettings)))


def _start(service: str, kind: type[Told]) -> Told:
    settings = settings_from_environment(kind)
    configure(service, settings.log_level)
    arm()
    structlog.get_logger().info("starting", port=settings.port)
    return settings


async def _migrate(settings: BrokerSettings) -> None:
    await migrate_database(settings.postgres_url)
    await declare_topology(settings.rabbitmq_url.get_secret_value())


async def _api(settings: Settings) -> None:
    tokens = settings.tokens.get_secret_value() if settings.tokens else None
    access = access_of(tokens, settings.environment)
    registry = new_registry()
    async with pool(settings.postgres_url, "innkeep-command-api", API_POOL) as database:
        acceptance = Acceptance(database, ApiMetrics(registry))
        reads = Reads(database)
        outcomes = Outcomes(reads)
        http = build_app(
            CommandRoutes(acceptance, outcomes, access),
            ReadingRoutes(reads, outcomes, access),
            observation_routes(registry, api_readiness(database)),
        )
        await run(Measured(http, registry), settings.host, settings.port, asyncio.Event(), acceptance.run, outcomes.run)


async def _relay(settings: BrokerSettings) -> None:
    registry = new_registry()
    url = settings.rabbitmq_url.get_secret_value()
    metrics = RelayMetrics(registry)
    commands = Sender(COMMANDS, Publisher(url, "innkeep-relay-commands"), metrics)
    events = Sender(EVENTS, Publisher(url, "innkeep-relay-events"), metrics)
    rounds = Rounds(settings.postgres_url, metrics)
    waiting = WaitingRoom(settings.postgres_url, url, metrics)
    sender = Relay(settings.postgres_url, url, commands, events, metrics, (rounds, waiting))
    async with pool(settings.postgres_url, "innkeep-relay-health", 1) as database:
        http = Starlette(routes=observation_routes(registry, relay_readiness(database, sender)))
        await run(http, settings.host, settings.port, asyncio.Event(), sender.run)


async def _worker(settings: BrokerSettings) -> None:
    registry = new_registry()
    stop = asyncio.Event()
    async with pool(settings.postgres_url, "innkeep-worker", WORKER_POOL) as database:
        sharing = Sharing(Workers(database), [commands_queue(partition) for partition in range(PARTITIONS)])
        consumer = Consumer(
            url=settings.rabbitmq_url.get_secret_value(),
            name="innkeep-worker",
            queues=sharing.queues,
            prefetch=WORKER_PREFETCH,
            batch=WORKER_BATCH,
            handle=Deciding(Ledger(database), WorkerMetrics(registry), stop).handle,
            sharing=sharing,
        )
        watch_shares(registry, consumer, sharing)
        http = Starlette(routes=observation_routes(registry, worker_readiness(database, consumer)))
        await run(http, settings.host, settings.port, stop, consumer.run, sharing.run)
