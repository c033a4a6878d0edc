"""Every question, answered by a join over the tables that bookings are written to."""

from datetime import date, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from fastapi import Query, Request, Response

from benchmarks.crud.bookings import JSON, SQL

PAGE: Final = 100
MONTH: Final = 32


async def reservation(request: Request, hotel_id: str, reservation_id: UUID) -> Response:
    """One reservation; 404 where there is none."""
    found = await _rows(request, "reservation", hotel_id, reservation_id)
    return _answer(found) if found else Response('{"title":"no such reservation"}', 404, media_type=JSON)


async def availability(
    request: Request, hotel_id: str, from_: Annotated[date, Query(alias="from")], to: date
) -> Response:
    """What can be sold, per room type and night."""
    return _answer(await _rows(request, "availability", hotel_id, from_, to))


async def arrivals(request: Request, hotel_id: str, day: date) -> Response:
    """Who arrives, the first page."""
    return _answer(await _rows(request, "arrivals", hotel_id, day, PAGE))


async def statistics(request: Request, hotel_id: str, month: str) -> Response:
    """One month in figures, night by night."""
    first = date.fromisoformat(f"{month}-01")
    until = (first + timedelta(days=MONTH)).replace(day=1)
    return _answer(await _rows(request, "statistics", hotel_id, first, until))


async def _rows(request: Request, question: str, *arguments: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in await request.app.state.pool.fetch(SQL[question], *arguments)]


def _answer(rows: list[dict[str, Any]]) -> Response:
    return Response(orjson.dumps(rows, default=str), media_type=JSON)
