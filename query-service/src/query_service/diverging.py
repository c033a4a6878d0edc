"""Whether a hotel's documents and its events are of one history.

They are not where the write side came back older than the documents: it then gives positions anew that the documents
hold already, and neither side can tell from a position alone. The event at the checkpoint tells.
"""

from dataclasses import dataclass
from typing import Final, Protocol

from query_service.checkpoint import Checkpoint
from query_service.feed import FeedPage, FeedUnavailableError, UnknownHotelError

UNKNOWN: Final = "the write side does not know the hotel"
AHEAD: Final = "the documents hold more than the write side"
OTHER: Final = "the write side has another event at the documents' position"


@dataclass(frozen=True, slots=True)
class Divergence:
    """The documents are of another history than the events; both positions, and how that was seen."""

    documents_position: int
    events_position: int
    reason: str


class Missing(Protocol):
    """Where every event is; see ``feed.Feed``."""

    async def missing(self, hotel_id: str, after: int, limit: int) -> FeedPage:
        """The next events of a hotel."""
        ...


async def events_after(feed: Missing, hotel_id: str, checkpoint: Checkpoint, limit: int) -> FeedPage | Divergence:
    """At most ``limit`` events after the checkpoint, once the one at it is seen to be the one that was projected.

    May raise what the feed raises; ``UnknownHotelError`` only where there is no checkpoint either.
    """
    here = checkpoint.position
    if here == 0:
        return await feed.missing(hotel_id, 0, limit)
    try:
        page = await feed.missing(hotel_id, here - 1, limit + 1)
    except UnknownHotelError:
        return Divergence(here, 0, UNKNOWN)
    if page.events:
        if checkpoint.holds(page.events[0]):
            return FeedPage(page.events[1:], page.fault, page.head)
        return Divergence(here, max(page.head, page.events[-1].position), OTHER)
    if page.fault is not None:
        raise FeedUnavailableError(f"the event at the checkpoint cannot be read any more: {page.fault.reason}")
    return Divergence(here, page.head, AHEAD)
