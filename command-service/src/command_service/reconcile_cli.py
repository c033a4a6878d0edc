"""Are the tables what the events say? The composition root of ``command-service reconcile``."""

from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated, Final

import orjson
import typer
import uvloop

from command_service.bookkeeping import unaccounted
from command_service.database import Session, connect
from command_service.differences import Report
from command_service.parked import NotPossibleError
from command_service.queries import queries
from command_service.reconciling import Reconciling
from command_service.repairing import Repairing
from command_service.settings import Settings
from shared_contracts.transport.environment import settings_from_environment
from shared_contracts.transport.logs import configure

SQL: Final = queries("reconciling")

Hotel = Annotated[str | None, typer.Argument(help="One hotel; all of them where none is named.")]
Repair = Annotated[bool, typer.Option("--repair", help="Rewrite the rows that differ, while nobody decides there.")]
Operator = Annotated[str, typer.Option(help="Who repairs, for the audit line.", envvar="USER")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="With --repair: say what would be done, and do nothing.")]


def reconcile(
    hotel: Hotel = None, *, repair: Repair = False, operator: Operator = "unknown", dry_run: DryRun = False
) -> None:
    """Compare tables with the fold of the events: a JSON line a hotel; exit 1 where a difference is left."""
    settings = settings_from_environment(Settings)
    configure("reconcile", settings.log_level)
    repairer = operator if repair else None
    if uvloop.run(_reconcile(settings, hotel, repairer, dry_run=dry_run)):
        raise typer.Exit(1)


async def _reconcile(settings: Settings, hotel: str | None, repairer: str | None, *, dry_run: bool) -> int:
    session = await connect(settings.postgres_url, "innkeep-reconcile")
    left = 0
    try:
        amiss: dict[str, Report] = {}
        async for hotel_id, difference in unaccounted(session, hotel):
            amiss.setdefault(hotel_id, Report(hotel_id)).add(difference)
        async for hotel_id in _hotels(session, hotel, amiss):
            report = await _one(session, hotel_id, repairer, dry_run=dry_run)
            for difference in amiss[hotel_id].differences if hotel_id in amiss else []:
                report.add(difference)
            left += report.drift if dry_run else report.left
            typer.echo(orjson.dumps(asdict(report)))
    finally:
        session.terminate()
    return left


async def _one(session: Session, hotel_id: str, repairer: str | None, *, dry_run: bool) -> Report:
    report = await Reconciling(session).hotel(hotel_id)
    if repairer is None or not report.left:
        return report
    try:
        return await Repairing(session).hotel(hotel_id, repairer, dry_run=dry_run)
    except NotPossibleError as reason:
        typer.echo(str(reason), err=True)
        return report


async def _hotels(session: Session, hotel: str | None, amiss: dict[str, Report]) -> AsyncIterator[str]:
    """The hotel, or all that any table knows, and then those of which only commands are known."""
    if hotel is not None:
        yield hotel
        return
    last, seen = "", set[str]()
    while (following := await session.fetchval(SQL["next_hotel"], last)) is not None:
        last = following
        seen.add(last)
        yield last
    for only_commands in sorted(amiss.keys() - seen):
        yield only_commands
