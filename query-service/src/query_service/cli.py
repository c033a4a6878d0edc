"""The command line of the query service. What a process is made of stands in ``processes``."""

from typing import TypeVar

import structlog
import typer
import uvloop

from query_service import parked_cli
from query_service.rebuild_cli import rebuild
from query_service.reconcile_cli import reconcile
from query_service.settings import ProjectorSettings, Settings
from shared_contracts.transport.crashing import arm
from shared_contracts.transport.environment import settings_from_environment
from shared_contracts.transport.logs import configure

Told = TypeVar("Told", bound=Settings)

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
app.add_typer(parked_cli.app, name="parked")
app.command()(reconcile)
app.command()(rebuild)


@app.command()
def migrate() -> None:
    """Create the collections of this release. Idempotent."""
    from query_service.processes import migration

    uvloop.run(migration.migrate(_start("query-migrate", Settings)))


@app.command()
def api() -> None:
    """Answer queries over HTTP."""
    from query_service.processes import api

    uvloop.run(api.serve(_start("query-api", Settings)))


@app.command()
def projector() -> None:
    """Fold events into documents; all that run share the partitions evenly."""
    from query_service.processes import projector

    uvloop.run(projector.project(_start("projector", ProjectorSettings)))


def _start(service: str, kind: type[Told]) -> Told:
    settings = settings_from_environment(kind)
    configure(service, settings.log_level)
    arm()
    structlog.get_logger().info("starting", port=settings.port)
    return settings
