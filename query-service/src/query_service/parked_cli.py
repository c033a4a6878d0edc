"""The operator's commands for what is parked: the composition root of ``query-service parked``."""

from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import Annotated, Any, TypeVar

import orjson
import structlog
import typer
import uvloop

from query_service.documents import documents_of
from query_service.parking import Parking
from query_service.settings import PROJECTOR_SECONDS, Settings
from shared_contracts.transport.environment import settings_from_environment
from shared_contracts.transport.logs import configure

app = typer.Typer(no_args_is_help=True, help="Hotels and messages that wait for an operator.")
log = structlog.get_logger()

Name = Annotated[str, typer.Argument(metavar="ID", help="The `_id` that `parked list` shows.")]
Hotel = Annotated[str, typer.Argument(metavar="HOTEL")]
MessageId = Annotated[str, typer.Argument(metavar="MESSAGE_ID", help="The `_id` that `parked list` shows.")]
Operator = Annotated[str, typer.Option(help="Who does it, for the audit line.", envvar="USER")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
T = TypeVar("T")


class NotPossibleError(Exception):
    """The operator asked for something that cannot be done; the text says why."""


@app.command("list")
def list_parked() -> None:
    """Print what waits, a JSON object a line: diverged hotels, parked hotels, messages."""

    async def records(parking: Parking) -> list[dict[str, Any]]:
        return [
            *({"kind": "diverged", **record} for record in await parking.diverged()),
            *({"kind": "hotel", **record} for record in await parking.hotels()),
            *({"kind": "message", **record} for record in await parking.messages()),
        ]

    for record in _ask(records):
        typer.echo(orjson.dumps(record))


@app.command()
def show(name: Name) -> None:
    """Print one record; of a message, its body too."""

    async def record(parking: Parking) -> dict[str, Any]:
        for kind, find in (
            ("diverged", parking.divergence_of),
            ("hotel", parking.hotel),
            ("message", parking.message),
        ):
            if (found := await find(name)) is not None:
                return {"kind": kind, **found}
        raise NotPossibleError(f"nothing is parked under {name}")

    found = _ask(record)
    if "body" in found:
        found["body"] = bytes(found["body"]).decode(errors="replace")
    typer.echo(orjson.dumps(found))


@app.command()
def resume(hotel: Hotel, operator: Operator, *, dry_run: DryRun = False) -> None:
    """Go on with a hotel from where it was parked, once its event can be applied."""

    async def go_on(parking: Parking) -> str:
        if await parking.divergence_of(hotel) is not None:
            raise NotPossibleError(f"{hotel} has diverged: `query-service reconcile {hotel} --repair`")
        record = await parking.hotel(hotel)
        if record is None or not (dry_run or await parking.resume(hotel)):
            raise NotPossibleError(f"{hotel} is not parked")
        _audit("parked_resumed", operator, dry_run=dry_run, hotel=hotel, position=record["position"])
        return f"{hotel} goes on at {record['position']}"

    typer.echo(_ask(go_on))


@app.command()
def drop(message_id: MessageId, operator: Operator, *, dry_run: DryRun = False) -> None:
    """Forget a message that nobody can read; an event that it should have been is in the feed."""

    async def forget(parking: Parking) -> str:
        if await parking.message(message_id) is None or not (dry_run or await parking.drop(message_id)):
            raise NotPossibleError(f"no message is parked under {message_id}")
        _audit("parked_dropped", operator, dry_run=dry_run, message=message_id)
        return f"{message_id} is dropped"

    typer.echo(_ask(forget))


def _ask(question: Callable[[Parking], Awaitable[T]]) -> T:
    settings = settings_from_environment(Settings)
    configure("parked", settings.log_level)

    async def ask() -> T:
        with closing(documents_of(settings, PROJECTOR_SECONDS)) as documents:
            return await question(Parking(documents))

    try:
        return uvloop.run(ask())
    except NotPossibleError as reason:
        typer.echo(str(reason), err=True)
        raise typer.Exit(1) from None


def _audit(action: str, operator: str, *, dry_run: bool, **what: object) -> None:
    log.warning(action, operator=operator, dry_run=dry_run, **what)
