"""What stands beside a hotel's documents: whether they have diverged from the events, and how often they were repaired.

Each answer depends on it: documents that have diverged are not served, and those that were repaired, which keep their
positions, get other tags than before. So does what a projector remembers.
"""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from query_service.parking import DIVERGED_HOTELS
from query_service.settings import MARK_SECONDS, MAX_MARKS

REPAIRS: Final = "repairs"


class Marked(Protocol):
    """Where documents are; see ``documents.Documents``."""

    async def find_in(self, wanted: Mapping[str, Collection[str]]) -> dict[str, dict[str, Any]]:
        """The documents that exist, of one collection after the other."""
        ...


class Counting(Protocol):
    """Where repairs are counted; see ``documents.Documents``."""

    async def count_up(self, collection: str, document_id: str, field: str) -> None:
        """Add one to a field."""
        ...


@dataclass(frozen=True, slots=True)
class Mark:
    """A hotel's marks."""

    diverged: bool
    repairs: int


@dataclass(slots=True)
class Marks:
    """Remembers a hotel's marks for ``MARK_SECONDS``: so much later than they are set they are seen, at the latest."""

    documents: Marked
    clock: Callable[[], float] = time.monotonic
    _known: dict[str, tuple[float, Mark]] = field(default_factory=dict[str, tuple[float, Mark]])

    async def of(self, hotel_id: str) -> Mark:
        """The marks of a hotel; may raise ``DocumentsUnavailableError``."""
        at, mark = self._known.get(hotel_id, (0.0, None))
        now = self.clock()
        if mark is not None and now - at < MARK_SECONDS:
            return mark
        # In this order: a repair is counted before its hotel is no longer diverged.
        found = await self.documents.find_in({DIVERGED_HOTELS: [hotel_id], REPAIRS: [hotel_id]})
        if len(self._known) >= MAX_MARKS:
            self._known.clear()
        mark = Mark(hotel_id in found[DIVERGED_HOTELS], repairs_in(found[REPAIRS].get(hotel_id)))
        self._known[hotel_id] = now, mark
        return mark


def repairs_in(record: Mapping[str, Any] | None) -> int:
    """How often the documents were repaired, as a record says, or that of a hotel without one."""
    return 0 if record is None else int(record["repairs"])


async def count_repair(documents: Counting, hotel_id: str) -> None:
    """The hotel's documents were changed under their positions, or are about to be.

    From now on its answers get other tags, and projectors read its documents again.
    """
    await documents.count_up(REPAIRS, hotel_id, "repairs")
