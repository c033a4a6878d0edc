"""The routes that read the write side: a command's status, and the event feed that projectors fill gaps from."""

from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

import orjson
from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from command_service.api.commands import JSON, wait_seconds
from command_service.api.outcomes import SQL, Outcomes
from command_service.api.parsing import UNKNOWN_HOTEL, parse_hotel_id
from command_service.database import DatabaseDownError, Pool
from command_service.settings import DEFAULT_FEED_PAGE, MAX_FEED_PAGE, MAX_POSITIONS_PAGE, RETRY_AFTER_SECONDS
from shared_contracts.transport.access import Access
from shared_contracts.transport.problems import Problem, ProblemError

READ_SCOPE: Final = "hotel:read"
MAX_POSITION: Final = 2**62
UNAVAILABLE: Final = Problem(503, "unavailable", "The database does not answer", retry_after=RETRY_AFTER_SECONDS)
UNKNOWN_COMMAND: Final = Problem(404, "unknown_command", "No such command was accepted here")

After = Annotated[int, Query(ge=0, le=MAX_POSITION, description="The position that the caller already has.")]
Limit = Annotated[int, Query(ge=1, le=MAX_FEED_PAGE, description="How many events at the most.")]
HotelsLimit = Annotated[int, Query(ge=1, le=MAX_POSITIONS_PAGE, description="How many hotels at the most.")]
AfterHotel = Annotated[str, Query(max_length=40, description="The last hotel id that the caller already has.")]


@dataclass(frozen=True, slots=True)
class ReadingRoutes:
    """Endpoints over the tables; PostgreSQL down is 503."""

    pool: Pool
    outcomes: Outcomes
    access: Access

    async def status(self, request: Request, command_id: UUID) -> Response:
        """What became of a command; with ``Prefer: wait=n`` once that is known. A rejection is an outcome: 200."""
        wait = wait_seconds(request)
        try:
            status = await self.outcomes.wait(command_id, wait)
        except DatabaseDownError:
            raise ProblemError(UNAVAILABLE) from None
        if status is None:
            raise ProblemError(UNKNOWN_COMMAND)
        self.access.principal(request.headers.get("authorization"), READ_SCOPE, status["hotel_id"])
        headers = {"Retry-After": "1"} if status["status"] == "accepted" else {}
        return Response(orjson.dumps(status), 200, headers, JSON)

    async def events(
        self, request: Request, hotel_id: str, after: After = 0, limit: Limit = DEFAULT_FEED_PAGE
    ) -> Response:
        """The hotel's events after a position, in order and without gaps, and the position of its last one."""
        hotel_id = parse_hotel_id(hotel_id)
        self.access.principal(request.headers.get("authorization"), READ_SCOPE, hotel_id)
        try:
            head = await self.pool.fetchval(SQL["head"], hotel_id)
            rows = await self.pool.fetch(SQL["feed"], hotel_id, after, limit)
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
        self.access.principal(request.headers.get("authorization"), READ_SCOPE, "*")
        try:
            rows = await self.pool.fetch(SQL["positions"], after, limit)
        except DatabaseDownError:
            raise ProblemError(UNAVAILABLE) from None
        following = rows[-1]["hotel_id"] if len(rows) == limit else None
        positions = {row["hotel_id"]: row["position"] for row in rows}
        return Response(orjson.dumps({"positions": positions, "next": following}), media_type=JSON)
