"""A projector that meets messages of an older or of a newer release: it reads what can be read, and parks the rest."""

from typing import Any

import orjson
import pytest
from histories import documents_of
from stand_ins import Projector, as_stored, checkpoint_of, stored

from query_service.documents import Documents
from query_service.feed import FeedPage
from query_service.folding import Fault
from query_service.parking import PARKED_MESSAGES
from shared_contracts.envelope import decode_event
from shared_contracts.transport.consuming import Delivery
from versions.folder import Version, versions


def delivered(*messages: bytes) -> list[Delivery]:
    return [Delivery("events.00", message, tag) for tag, message in enumerate(messages, 1)]


def changed(message: bytes, **change: Any) -> bytes:
    return orjson.dumps(orjson.loads(message) | change)


@pytest.mark.parametrize("version", versions(), ids=lambda version: version.name)
async def test_the_stream_of_any_release_becomes_documents(
    projector: Projector, documents: Documents, version: Version
) -> None:
    for stream in version.streams.values():
        await projector.projecting.handle(delivered(*stream))
        wanted = as_stored(documents_of([decode_event(message) for message in stream]))
        assert await stored(documents, wanted) == wanted
    assert await documents.first(PARKED_MESSAGES, 1) == []


async def test_what_a_newer_release_added_to_an_event_is_ignored(projector: Projector, documents: Documents) -> None:
    [stream, *_] = versions()[-1].streams.values()
    newer = [changed(m, trace="1", body={**orjson.loads(m)["body"], "loyalty_tier": "gold"}) for m in stream]
    await projector.projecting.handle(delivered(*newer))
    wanted = as_stored(documents_of([decode_event(message) for message in stream]))
    assert await stored(documents, wanted) == wanted


@pytest.mark.parametrize("change", [{"version": 99}, {"type": "HotelSold"}])
async def test_an_event_of_a_version_or_type_that_it_does_not_know_stops_its_hotel_alone(
    projector: Projector, documents: Documents, change: dict[str, Any]
) -> None:
    first, second, *_ = versions()[-1].streams.items()
    unreadable = changed(first[1][2], **change)
    fault = Fault(3, "it is newer than this code")
    streams = {hotel: [decode_event(message) for message in stream] for hotel, stream in (first, second)}

    async def missing(hotel_id: str, after: int, limit: int) -> FeedPage:
        """As the feed does: events up to the one that cannot be read."""
        until = fault.position - 1 if hotel_id == first[0] else len(streams[hotel_id])
        events = tuple(streams[hotel_id][after:until][:limit])
        stops = hotel_id == first[0] and after + limit > until
        return FeedPage(events, fault if stops else None, len(streams[hotel_id]))

    projector.feed.missing = missing  # type: ignore[method-assign]
    await projector.projecting.handle(delivered(*first[1][:2], unreadable, *first[1][3:6], *second[1]))
    (record,) = await documents.first(PARKED_MESSAGES, 10)
    assert record["body"] == unreadable
    assert str(next(iter(change.values()))) in record["reason"]
    while await projector.catching_up.once():
        pass
    assert await checkpoint_of(documents, first[0]) == 2
    assert await checkpoint_of(documents, second[0]) == len(second[1])
    (parked,) = await projector.projecting.parking.hotels()
    assert (parked["_id"], parked["position"], parked["reason"]) == (first[0], fault.position, fault.reason)
