"""Compares what is being made with what is served, document by document, while both go on."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from query_service.checkpoint import checkpoint_in
from query_service.documents import CHECKPOINTS, Documents
from query_service.reconciling import DIFFERENT, MISSING, UNEXPECTED, Difference
from query_service.routes import Route
from query_service.settings import COMPARE_LOOKS, MAX_DIFFERENCES


@dataclass(slots=True)
class Comparison:
    """What was found. ``moved`` counts the documents that were never seen at rest; the first differences are named."""

    compared: int = 0
    moved: int = 0
    different: int = 0
    differences: list[Difference] = field(default_factory=list[Difference])


async def compare(store: Documents, route: Route, hotel_id: str, limit: int, found: Comparison) -> None:
    """Compare up to ``limit`` of the hotel's documents, spread evenly over both collections, and add to what was found.

    Both hold what the hotel's checkpoint says, or more; where they hold no more, they are to be equal.
    """
    shadow = route.shadow or route.current
    ids = set(await _ids(store, route.current, hotel_id)) | set(await _ids(store, shadow, hotel_id))
    left = _spread(sorted(ids), limit)
    found.compared += len(left)
    for _ in range(COMPARE_LOOKS):
        checkpoint = checkpoint_in((await store.find(CHECKPOINTS, [hotel_id])).get(hotel_id))
        served, made = await store.find(route.current, left), await store.find(shadow, left)
        moving: list[str] = []
        for document_id in left:
            one, other = served.get(document_id), made.get(document_id)
            if one == other:
                continue
            if any(document is not None and document["position"] > checkpoint.position for document in (one, other)):
                moving.append(document_id)
                continue
            kind = MISSING if one is None else UNEXPECTED if other is None else DIFFERENT
            found.different += 1
            if len(found.differences) < MAX_DIFFERENCES:
                found.differences.append(Difference(route.kind, document_id, kind))
        left = moving
        if not left:
            return
    found.moved += len(left)


async def _ids(store: Documents, collection: str, hotel_id: str) -> list[str]:
    below = await store.ids(collection, f"{hotel_id}/", f"{hotel_id}0")
    return [*below, *(await store.find(collection, [hotel_id]))]


def _spread(ids: Sequence[str], limit: int) -> list[str]:
    if len(ids) <= limit:
        return list(ids)
    return [ids[number * len(ids) // limit] for number in range(limit)]
