"""How every query is answered: who may ask, from which documents, with which tag, and in which bytes."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

import orjson
from starlette.requests import Request
from starlette.responses import Response

from query_service.api.parameters import OfHotel
from query_service.marks import Marks
from query_service.projections.dto import Dto
from query_service.settings import DIVERGED_RETRY_SECONDS, DTO_VERSION, READ_SCOPE, RETRY_AFTER_SECONDS
from query_service.waiting import Waiting
from shared_contracts.transport.access import Access
from shared_contracts.transport.problems import Problem, ProblemError

JSON: Final = "application/json"
CACHE: Final = "private, no-cache"
UNKNOWN_HOTEL: Final = Problem(404, "unknown_hotel", "No such hotel is known here")
UNKNOWN_RESERVATION: Final = Problem(404, "unknown_reservation", "No such reservation is known in this hotel")
BEHIND: Final = Problem(
    409,
    "read_model_behind",
    "The documents do not hold that position yet",
    "They hold the events up to position. Ask again, or without min_position for what is known now.",
    retry_after=RETRY_AFTER_SECONDS,
)
DIVERGED: Final = Problem(
    503,
    "read_model_diverged",
    "The documents hold what the write side does not",
    "The write side came back older than the documents. An operator must repair the documents; ask again later.",
    retry_after=DIVERGED_RETRY_SECONDS,
)
UNAVAILABLE: Final = Problem(
    503, "documents_unavailable", "The document store does not answer", retry_after=RETRY_AFTER_SECONDS
)


class Finding(Protocol):
    """Where documents are; see ``documents.Documents``."""

    async def find_in(self, wanted: Mapping[str, Collection[str]]) -> dict[str, dict[str, Any]]:
        """The documents that exist, of several collections."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """The hotel's document, and those of another collection that were asked for, by id.

    ``repairs``: how often documents of the hotel were changed under their positions.
    """

    hotel: Any
    others: Mapping[str, Any]
    repairs: int

    @property
    def position(self) -> int:
        """The last event in any of them."""
        positions: list[int] = [self.hotel["position"], *(other["position"] for other in self.others.values())]
        return max(positions)


@dataclass(frozen=True, slots=True)
class Answering:
    """What all routes share."""

    documents: Finding
    waiting: Waiting
    access: Access
    marks: Marks

    async def find(self, request: Request, asked: OfHotel, collection: str = "", ids: Collection[str] = ()) -> Found:
        """The hotel and the documents, together; ends with a problem where the caller or the hotel is not known."""
        hotel_id, min_position = asked.hotel_id, asked.min_position
        self.access.principal(request.headers.get("authorization"), READ_SCOPE, hotel_id)
        repairs = await self._repairs(hotel_id)
        if min_position:
            held = await self.waiting.reach(hotel_id, min_position)
            repairs = await self._repairs(hotel_id)
            if held < min_position:
                raise ProblemError(replace(BEHIND, members={"position": held}))
        found = await self.documents.find_in({"hotel": [hotel_id], **({collection: ids} if ids else {})})
        if hotel_id not in found["hotel"]:
            raise ProblemError(UNKNOWN_HOTEL)
        return Found(found["hotel"][hotel_id], found.get(collection, {}), repairs)

    async def _repairs(self, hotel_id: str) -> int:
        """How often the hotel was repaired; ends with a problem where its documents have diverged from its events."""
        mark = await self.marks.of(hotel_id)
        if mark.diverged:
            raise ProblemError(DIVERGED)
        return mark.repairs


def answer(request: Request, ids: Collection[str], found: Found, dto: Callable[[], Dto]) -> Response:
    """The DTO in JSON with its tag, or 304 where the caller has it already.

    The tag is the position of each document that went into it and the number of the hotel's repairs, so two different
    answers never share one.
    """
    others = (str(found.others[key]["position"]) if key in found.others else "0" for key in ids)
    repaired = f"-r{found.repairs}" if found.repairs else ""
    tag = f'"{DTO_VERSION}-{"-".join((str(found.hotel["position"]), *others))}{repaired}"'
    headers = {"ETag": tag, "Cache-Control": CACHE}
    if _has(request.headers.get("if-none-match"), tag):
        return Response(None, 304, headers)
    return Response(orjson.dumps(dto()), 200, headers, JSON)


def _has(if_none_match: str | None, tag: str) -> bool:
    if if_none_match is None:
        return False
    return any(given.strip().removeprefix("W/") in {tag, "*"} for given in if_none_match.split(","))
