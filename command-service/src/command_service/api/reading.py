"""The routes that read the write side: a command's status, and the event feed that projectors fill gaps from."""

from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

import asyncpg
import orjson
from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from command_service.api.commands import JSON, wait_seconds
from command_service.api.outcomes import SQL, Outcomes
from command_service.api.parsing import UNKNOWN_HOTEL, parse_hotel_id
from command_service.api.reads import Reads
from command_service.database import Connection, DatabaseDownError
from command_service.settings import (
    DEFAULT_FEED_PAGE,
    MAX_FEED_PAGE,
    MAX_POSITION,
    MAX_POSITIONS_PAGE,
    RETRY_AFTER_SECONDS,
)
from shared_contracts.transport.access import EVERYTHING, Access
from shared_contracts.transport.problems import Problem, ProblemError

READ_SCOPE: Final = "hotel:read"
UNAVAILABLE: Final = Problem(503, "unavailable", "The database does not answer", retry_after=RETRY_AFTER_SECONDS)
UNKNOWN_COMMAND: Final = Problem(404, "unknown_command", "No such command was accepted here")

After = Annotated[int, Query(ge=0, le=MAX_POSITION, description="The position that the caller already has.")]
Limit = Annotated[int, Query(ge=1, le=MAX_FEED_PAGE, description="How many events at the most.")]
HotelsLimit = Annotated[int, Query(ge=1, le=MAX_POSITIONS_PAGE, description="How many hotels at the most.")]
AfterHotel = Annotated[
    str, Query(pattern=r"^[a-z0-9-]{0,40}$", description="The last hotel id that the caller already has.")
]


@dataclass(frozen=True, slots=True)
class ReadingRoutes:
    """Endpoints over the tables; PostgreSQL down or silent is 503. Nothing is read for a caller who is not known."""

    reads: Reads
    outcomes: Outcomes
    access: Access

    async def status(self, request: Request, command_id: UUID) -> Response:
        """What became of a command; with ``Prefer: wait=n`` once that is known. A rejection is an outcome: 200.

        A command of a hotel that the caller has no right to is as unknown as one that never was.
        """
        principal = self.access.known(request.headers.get("authorization"))
        principal.require(READ_SCOPE)
        try:
            status = await self.outcomes.of(command_id)
        except DatabaseDownError:
            raise ProblemError(UNAVAILABLE) from None
        if status is None or not principal.reaches(status["hotel_id"]):
            raise ProblemError(UNKNOWN_COMMAND)
        status = await self.outcomes.settled(status, wait_seconds(request))
        headers = {"Retry-After": "1"} if status["status"] == "accepted" else {}
        return Response(orjson.dumps(status), 200, headers, JSON)

    async def events(
        self, request: Request, hotel_id: str, after: After = 0, limit: Limit = DEFAULT_FEED_PAGE
    ) -> Response:
        """The hotel's events after a position, in order and without gaps, and the position of its last one."""
        principal = self.access.known(request.headers.get("authorization"))
        principal.require(READ_SCOPE)
        hotel_id = parse_hotel_id(hotel_id)
        principal.require_hotel(hotel_id)

        async def page(connection: Connection) -> tuple[int | None, list[asyncpg.Record]]:
            head = await connection.fetchval(SQL["head"], hotel_id)
            return head, await connection.fetch(SQL["feed"], hotel_id, after, limit)

        try:
            head, rows = await self.reads.read(page)
        except DatabaseDownError:
            raise ProblemError(UNAVAILABLE) from None
        if head is None:
            raise ProblemError(UNKNOWN_HOTEL)
        messages = ",".join(row["message"] for row in rows)
        return Response(f'{{"head":{head},"events":[{messages}]}}', media_type=JSON)

    async def positions(
        self, request: Request, after: AfterHotel = "", limit: HotelsLimit = MAX_POSITIONS_PAGE
    ) -> Response:
        """The last position of each hotel, a page in the order of their ids; ``next`` continues."""
        self.access.principal(request.headers.get("authorization"), READ_SCOPE, EVERYTHING)
        try:
            rows = await self.reads.fetch(SQL["positions"], after, limit)
        except DatabaseDownError:
            raise ProblemError(UNAVAILABLE) from None
        following = rows[-1]["hotel_id"] if len(rows) == limit else None
        positions = {row["hotel_id"]: row["position"] for row in rows}
        return Response(orjson.dumps({"positions": positions, "next": following}), media_type=JSON)
