"""The command API's event feed, which holds every event: gaps are filled from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import httpx2
import orjson
from pydantic import BaseModel, TypeAdapter, ValidationError

from query_service.folding import Fault
from query_service.settings import FEED_CONNECTIONS, FEED_SECONDS, MAX_REASON
from shared_contracts.envelope import EventEnvelope, UnreadableMessageError, decode_event


class FeedUnavailableError(Exception):
    """The feed did not answer, refused or answered something else; ask again later."""


class UnknownHotelError(FeedUnavailableError):
    """The write side says that there is no such hotel."""


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Events in order, and the last position there is; ``fault`` tells why the next one cannot be read, if so."""

    events: tuple[EventEnvelope, ...]
    fault: Fault | None = None
    head: int = 0


@dataclass(frozen=True, slots=True)
class Heads:
    """The last position of some hotels; ``following`` continues, none at the end."""

    positions: Mapping[str, int]
    following: str | None


class _Events(BaseModel):
    head: int
    events: list[dict[str, Any]]


class _Positions(BaseModel):
    positions: dict[str, int]
    next: str | None


UNKNOWN_HOTEL: Final = "unknown_hotel"
_EVENTS: Final = TypeAdapter(_Events)
_POSITIONS: Final = TypeAdapter(_Positions)


class Feed:
    """A client with a few connections; an asynchronous context that closes them."""

    def __init__(self, url: str, token: str | None = None, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        """Remember where; ``transport`` is for tests."""
        self._client = httpx2.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=FEED_SECONDS,
            limits=httpx2.Limits(max_connections=FEED_CONNECTIONS),
            transport=transport,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        """Nothing is opened before it is used."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def missing(self, hotel_id: str, after: int, limit: int) -> FeedPage:
        """At most ``limit`` events of the hotel after the position; may raise ``FeedUnavailableError``.

        ``UnknownHotelError``, which is one, where the write side knows no such hotel.
        """
        content = await self._get(f"/v1/hotels/{hotel_id}/events", {"after": after, "limit": limit})
        try:
            found = _EVENTS.validate_json(content)
        except ValidationError as error:
            raise FeedUnavailableError("the events are not a page of events") from error
        events: list[EventEnvelope] = []
        for position, event in enumerate(found.events, after + 1):
            try:
                events.append(decode_event(orjson.dumps(event)))
            except UnreadableMessageError as error:
                return FeedPage(tuple(events), Fault(position, str(error)[:MAX_REASON]), found.head)
        return FeedPage(tuple(events), head=found.head)

    async def heads(self, after: str, limit: int) -> Heads:
        """The last positions of at most ``limit`` hotels after this one; may raise ``FeedUnavailableError``."""
        content = await self._get("/v1/hotels/positions", {"after": after, "limit": limit})
        try:
            found = _POSITIONS.validate_json(content)
        except ValidationError as error:
            raise FeedUnavailableError("the positions are not positions") from error
        return Heads(found.positions, found.next)

    async def _get(self, path: str, params: dict[str, int | str]) -> bytes:
        try:
            response = await self._client.get(path, params=params)
        except httpx2.HTTPError as error:
            raise FeedUnavailableError(f"{type(error).__name__}: {error}") from error
        if response.status_code == httpx2.codes.NOT_FOUND and _code_in(response.content) == UNKNOWN_HOTEL:
            raise UnknownHotelError(f"the write side knows nothing of {path}")
        if response.status_code != httpx2.codes.OK:
            raise FeedUnavailableError(f"HTTP {response.status_code} from {path}")
        return response.content


def _code_in(problem: bytes) -> object:
    """The code of a problem document; nothing where it is none, as when another server answers."""
    try:
        found = orjson.loads(problem)
    except orjson.JSONDecodeError:
        return None
    return found.get("code") if isinstance(found, dict) else None
