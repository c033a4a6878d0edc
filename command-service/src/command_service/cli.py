"""The command line of the command service. What a process is made of stands in ``processes``."""

from typing import TypeVar

import structlog
import typer
import uvloop

from command_service import parked_cli, reconcile_cli
from command_service.settings import BrokerSettings, Settings
from shared_contracts.transport.crashing import arm
from shared_contracts.transport.environment import settings_from_environment
from shared_contracts.transport.logs import configure

Told = TypeVar("Told", bound=Settings)

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
app.add_typer(parked_cli.app, name="parked")
app.command()(reconcile_cli.reconcile)


@app.command()
def migrate() -> None:
    """Bring the database to this release and declare the broker's exchanges and queues. Idempotent."""
    from command_service.processes import migration

    uvloop.run(migration.migrate(_start("migrate", BrokerSettings)))


@app.command()
def api() -> None:
    """Accept commands over HTTP, tell their status, and serve the event feed."""
    from command_service.processes import api

    uvloop.run(api.serve(_start("command-api", Settings)))


@app.command()
def relay() -> None:
    """Queue accepted commands and publish events; a second one stands by."""
    from command_service.processes import relay

    uvloop.run(relay.send(_start("relay", BrokerSettings)))


@app.command()
def worker() -> None:
    """Decide queued commands; all that run share the partitions evenly."""
    from command_service.processes import worker

    uvloop.run(worker.decide(_start("worker", BrokerSettings)))


def _start(service: str, kind: type[Told]) -> Told:
    settings = settings_from_environment(kind)
    configure(service, settings.log_level)
    arm()
    structlog.get_logger().info("starting", port=settings.port)
    return settings
