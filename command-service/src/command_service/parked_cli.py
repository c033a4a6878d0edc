"""The operator's commands for what is parked: the composition root of ``command-service parked``."""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import orjson
import typer
import uvloop

from command_service.database import pool
from command_service.parked import NotPossibleError, Parked
from command_service.settings import Settings
from shared_contracts.transport.environment import settings_from_environment
from shared_contracts.transport.logs import configure

app = typer.Typer(no_args_is_help=True, help="Commands and messages that could not be handled, and wait for you.")

Number = Annotated[int, typer.Argument(help="The id that `parked list` shows.")]
Operator = Annotated[str, typer.Option(help="Who does it, for the audit line.", envvar="USER")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
Hotel = Annotated[str | None, typer.Option(help="Of this hotel only.")]
T = TypeVar("T")


@app.command("list")
def list_parked(hotel: Hotel = None) -> None:
    """Print what is parked, a JSON object a line, the oldest first."""
    for record in _ask(lambda parked: parked.records(hotel)):
        typer.echo(orjson.dumps(record, default=str))


@app.command()
def show(number: Number) -> None:
    """Print one record with its message."""
    typer.echo(orjson.dumps(_ask(lambda parked: parked.record(number)), default=str))


@app.command()
def retry(number: Number, operator: Operator, *, dry_run: DryRun = False) -> None:
    """Send a failed command again, once what made it fail is mended."""
    typer.echo(_ask(lambda parked: parked.retry(number, operator, dry_run=dry_run)))


@app.command()
def drop(number: Number, operator: Operator, *, dry_run: DryRun = False) -> None:
    """Forget a record; a command stays failed."""
    typer.echo(_ask(lambda parked: parked.drop(number, operator, dry_run=dry_run)))


def _ask(question: Callable[[Parked], Awaitable[T]]) -> T:
    settings = settings_from_environment(Settings)
    configure("parked", settings.log_level)

    async def ask() -> T:
        async with pool(settings.postgres_url, "innkeep-parked", 1) as database:
            return await question(Parked(database))

    try:
        return uvloop.run(ask())
    except NotPossibleError as reason:
        typer.echo(str(reason), err=True)
        raise typer.Exit(1) from None
