"""Two histories of one hotel with a common beginning: one that was lost, and the one that the write side has now."""

from dataclasses import dataclass, field

from histories import History, documents_of
from stand_ins import as_stored, stored

from query_service.documents import CHECKPOINTS, Documents
from query_service.projections.catalog import PROJECTIONS

COMMON = 3


def _beginning() -> History:
    history = History().opened().allowed("DBL", 0, 60, 2)
    history.booked(3, 5)
    return history


@dataclass
class Apart:
    """``lost`` has six events, of other nights and months than those of ``anew``, which grows as it is told."""

    lost: History = field(default_factory=_beginning)
    anew: History = field(default_factory=_beginning)

    def __post_init__(self) -> None:
        """Go apart."""
        self.lost.booked(0, 3)
        self.lost.booked(20, 50)
        self.lost.closed()
        self.anew.branch = "anew/"

    def book(self, times: int) -> None:
        """Give so many positions anew."""
        for number in range(times):
            self.anew.booked(number, number + 2, "STE")


async def every_document(documents: Documents, hotel_id: str) -> dict[tuple[str, str], object]:
    """All documents of the hotel, by collection and id."""
    found: dict[tuple[str, str], object] = {}
    for projection in PROJECTIONS:
        ids = [hotel_id, *await documents.ids(projection.collection, f"{hotel_id}/", f"{hotel_id}0")]
        there = await documents.find(projection.collection, ids)
        found |= {(projection.collection, key): document for key, document in there.items()}
    return found


async def holds_exactly(documents: Documents, history: History) -> None:
    """Assert that the store holds what the events of the history make, that alone, and its checkpoint."""
    wanted = as_stored(documents_of(history.events))
    assert await stored(documents, wanted) == wanted
    assert (await every_document(documents, history.hotel_id)).keys() == wanted.keys()
    checkpoint = (await documents.find(CHECKPOINTS, [history.hotel_id]))[history.hotel_id]
    last = history.events[-1]
    assert (checkpoint["position"], checkpoint["causation_id"]) == (last.position, str(last.causation_id))
