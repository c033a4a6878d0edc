"""Are the documents what the events say? The composition root of ``query-service reconcile``."""

from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import asdict
from typing import Annotated

import orjson
import typer
import uvloop

from query_service.documents import Documents
from query_service.feed import Feed
from query_service.reconciling import Reconciling
from query_service.settings import POSITIONS_PAGE, PROJECTOR_SECONDS, Settings
from shared_contracts.transport.logs import configure

Hotel = Annotated[str | None, typer.Argument(help="One hotel; all of them where none is named.")]
Repair = Annotated[bool, typer.Option("--repair", help="Put right what is missing or different.")]


def reconcile(hotel: Hotel = None, *, repair: Repair = False) -> None:
    """Compare documents with the fold of the events: a JSON line a hotel; exit 1 where a difference is left."""
    settings = Settings()  # pyright: ignore[reportCallIssue]  # its fields come from the environment
    configure("reconcile", settings.log_level)
    if uvloop.run(_reconcile(settings, hotel, repair=repair)):
        raise typer.Exit(1)


async def _reconcile(settings: Settings, hotel: str | None, *, repair: bool) -> int:
    token = settings.command_api_token.get_secret_value() if settings.command_api_token else None
    url, database = settings.mongodb_url.get_secret_value(), settings.mongodb_database
    left = 0
    with closing(Documents(url, database, PROJECTOR_SECONDS)) as documents:
        async with Feed(settings.command_api_url, token) as feed:
            async for hotel_id in _hotels(feed, hotel):
                report = await Reconciling(feed, documents).hotel(hotel_id, repair=repair)
                left += report.drift - report.repaired
                left += report.fault is not None
                typer.echo(orjson.dumps(asdict(report)))
    return left


async def _hotels(feed: Feed, hotel: str | None) -> AsyncIterator[str]:
    if hotel is not None:
        yield hotel
        return
    following: str | None = ""
    while following is not None:
        page = await feed.heads(following, POSITIONS_PAGE)
        for hotel_id in page.positions:
            yield hotel_id
        following = page.following
