"""Are the documents what the events say? The composition root of ``query-service reconcile``."""

from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import asdict
from typing import Annotated

import orjson
import typer
import uvloop

from query_service.current_documents import CurrentDocuments
from query_service.documents import CHECKPOINTS, Documents, documents_of
from query_service.feed import Feed
from query_service.going_back import GoingBack
from query_service.parking import ALL, Parking
from query_service.reconciling import Reconciling, Report
from query_service.settings import POSITIONS_PAGE, PROJECTOR_SECONDS, Settings
from shared_contracts.transport.environment import settings_from_environment
from shared_contracts.transport.logs import configure

Hotel = Annotated[str | None, typer.Argument(help="One hotel; all of them where none is named.")]
Repair = Annotated[
    bool,
    typer.Option(
        "--repair",
        help="Put right what is missing or different. Of a hotel that has diverged: make its documents those of its "
        "events, remove those that no event makes, and let projection go on.",
    ),
]
Operator = Annotated[str, typer.Option(help="Who repairs, for the audit line.", envvar="USER")]


def reconcile(hotel: Hotel = None, *, repair: Repair = False, operator: Operator = "unknown") -> None:
    """Compare documents with the fold of the events: a JSON line a hotel; exit 1 where a difference is left."""
    settings = settings_from_environment(Settings)
    configure("reconcile", settings.log_level)
    if uvloop.run(_reconcile(settings, hotel, operator if repair else None)):
        raise typer.Exit(1)


async def _reconcile(settings: Settings, hotel: str | None, repairer: str | None) -> int:
    token = settings.command_api_token.get_secret_value() if settings.command_api_token else None
    left = 0
    with closing(documents_of(settings, PROJECTOR_SECONDS)) as documents:
        async with Feed(settings.command_api_url, token) as feed:
            going_back = GoingBack(Reconciling(feed, CurrentDocuments(documents)), Parking(documents))
            async for hotel_id in _hotels(feed, documents, hotel):
                report = await _one(going_back, hotel_id, repairer)
                left += report.drift - report.repaired
                left += report.fault is not None or (report.diverged is not None and repairer is None)
                typer.echo(orjson.dumps(asdict(report)))
    return left


async def _one(going_back: GoingBack, hotel_id: str, repairer: str | None) -> Report:
    if repairer is None:
        return await going_back.reconciling.hotel(hotel_id)
    reason = await going_back.needed(hotel_id)
    if reason is not None:
        return await going_back.hotel(hotel_id, reason, repairer)
    return await going_back.reconciling.hotel(hotel_id, repair=True)


async def _hotels(feed: Feed, documents: Documents, hotel: str | None) -> AsyncIterator[str]:
    """The hotel, or all that the write side knows, and then those that only the documents know."""
    if hotel is not None:
        yield hotel
        return
    known: set[str] = set()
    following: str | None = ""
    while following is not None:
        page = await feed.heads(following, POSITIONS_PAGE)
        for hotel_id in page.positions:
            yield hotel_id
        known.update(page.positions)
        following = page.following
    held = await Parking(documents).held()
    for hotel_id in sorted({*await documents.ids(CHECKPOINTS, *ALL), *held.diverged} - known):
        yield hotel_id
