"""Every event takes effect once, in order, in every document, whatever happens."""

import asyncio
import random

import pytest
from histories import History, documents_of
from stand_ins import FeedInMemory, Projector, as_stored, checkpoint_of, delivery, projector_of, stored

from query_service.documents import Documents, DocumentsUnavailableError
from query_service.parking import PARKED_MESSAGES
from query_service.projections.catalog import PROJECTIONS
from query_service.settings import FEED_PAGE, MAX_PARKED_BYTES
from shared_contracts.envelope import EventEnvelope
from shared_contracts.transport.consuming import Delivery


async def holds(documents: Documents, history: History) -> None:
    """Assert that the store holds exactly what the events of the history make."""
    wanted = as_stored(documents_of(history.events))
    assert await stored(documents, wanted) == wanted
    assert await checkpoint_of(documents, history.hotel_id) == len(history.events)


async def test_events_become_documents_and_the_checkpoint_says_so(
    projector: Projector, documents: Documents, history: History
) -> None:
    await projector.take(*history.events)
    await holds(documents, history)
    assert projector.count("innkeep_projected_events_total") == len(history.events)
    assert projector.feed.asked == []


async def test_one_by_one_is_as_good_as_all_at_once(
    projector: Projector, documents: Documents, history: History
) -> None:
    for event in history.events:
        await projector.take(event)
    await holds(documents, history)


async def test_events_that_come_again_change_nothing(
    projector: Projector, documents: Documents, history: History
) -> None:
    await projector.take(*history.events)
    await projector.take(*history.events[3:8], *history.events)
    await holds(documents, history)
    assert projector.count("innkeep_projected_events_total") == len(history.events)
    assert projector.count("innkeep_repeated_events_total") == 5 + len(history.events)


async def test_events_out_of_order_are_put_in_order(
    projector: Projector, documents: Documents, history: History
) -> None:
    await projector.take(*reversed(history.events))
    await holds(documents, history)


async def test_a_gap_is_filled_from_the_feed(projector: Projector, documents: Documents, history: History) -> None:
    projector.feed.holds(history.events)
    await projector.take(*history.events[:3])
    await projector.take(*history.events[6:])
    await holds(documents, history)
    assert projector.feed.asked == [("seaside", 2)]  # with the event at the checkpoint
    assert projector.count("innkeep_gap_fills_total") == 1


async def test_a_gap_that_cannot_be_filled_now_holds_up_no_other_hotel(
    projector: Projector, documents: Documents, history: History
) -> None:
    other = History("hillside").opened().closed()
    projector.feed.holds(history.events, other.events)
    projector.feed.down = True
    await projector.take(*history.events[:3])
    await projector.take(*history.events[6:], *other.events)
    await holds(documents, other)
    assert await checkpoint_of(documents, "seaside") == 3
    projector.feed.down = False
    await projector.catching_up.once()
    await holds(documents, history)
    assert projector.projecting.behind == {}


async def test_a_hotel_far_behind_is_caught_up_page_by_page(projector: Projector, documents: Documents) -> None:
    long = History("longstay").opened()
    for _ in range(FEED_PAGE * 2 + 10):
        long.closed()
    projector.feed.holds(long.events)
    await projector.take(long.events[-1])
    while await projector.catching_up.once():
        pass
    await holds(documents, long)


@pytest.mark.parametrize("collection", [*(projection.collection for projection in PROJECTIONS), "checkpoints"])
async def test_a_crash_before_any_of_the_writes_is_made_good_when_the_events_come_again(
    projector: Projector, documents: Documents, history: History, collection: str
) -> None:
    await projector.take(*history.events[:2])
    projector.store.broken = {collection}
    with pytest.raises(DocumentsUnavailableError):
        await projector.take(*history.events[2:])
    assert await checkpoint_of(documents, "seaside") == 2
    restarted = projector_of(documents, projector.feed)
    await restarted.take(*history.events[2:])
    await holds(documents, history)


async def test_a_store_that_is_down_is_waited_for(
    projector: Projector, documents: Documents, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("query_service.projecting.STORE_RETRY_SECONDS", 0.01)
    projector.projecting.stop.clear()
    projector.store.broken = {"reservation"}
    taking = asyncio.create_task(projector.take(*history.events))
    await asyncio.sleep(0.1)
    assert not taking.done()
    projector.store.broken = set()
    await taking
    await holds(documents, history)


async def test_documents_that_hold_the_events_already_are_not_written_again(
    projector: Projector, documents: Documents, history: History
) -> None:
    projector.store.broken = {"checkpoints"}
    with pytest.raises(DocumentsUnavailableError):
        await projector.take(*history.events)
    restarted = projector_of(documents, projector.feed)
    await restarted.take(*history.events[:4])
    await restarted.take(*history.events[4:])
    await holds(documents, history)
    hotels = {"collection": "hotel"}
    assert restarted.registry.get_sample_value("innkeep_documents_written_total", hotels) is None


async def test_a_projector_that_is_overtaken_between_reading_and_writing_changes_nothing(
    projector: Projector, documents: Documents, history: History
) -> None:
    async def overtake() -> None:
        await projector_of(documents, projector.feed).take(*history.events)

    projector.store.meanwhile = overtake
    await projector.take(*history.events[:6])
    await holds(documents, history)
    assert projector.count("innkeep_documents_already_newer_total") > 0


async def test_two_projectors_on_one_hotel_make_the_documents_of_one(documents: Documents, history: History) -> None:
    feed = FeedInMemory()
    feed.holds(history.events)

    async def work(seed: int) -> None:
        projector, chance = projector_of(documents, feed), random.Random(seed)  # noqa: S311  # repeatable
        for _ in range(12):
            first = chance.randrange(len(history.events))
            await projector.take(*history.events[first : first + chance.randrange(1, 6)])
            await asyncio.sleep(0)
        await projector.take(history.events[-1])

    for seed in range(5):
        await asyncio.gather(work(seed), work(seed + 100))
        await holds(documents, history)


async def test_an_event_that_cannot_be_applied_parks_its_hotel_alone(
    projector: Projector, documents: Documents, history: History
) -> None:
    other = History("hillside").opened()
    good, poisoned = history.events[:4], poison(history.events[4])
    await projector.take(*good, poisoned, *history.events[5:], *other.events)
    assert await checkpoint_of(documents, "seaside") == 4
    await holds(documents, other)
    (record,) = await projector.projecting.parking.hotels()
    assert (record["_id"], record["position"]) == ("seaside", 5)
    assert record["reason"].startswith("RoomAssigned: MisplacedEventError")


async def test_a_parked_hotel_waits_and_goes_on_from_the_feed_once_it_is_resumed(
    projector: Projector, documents: Documents, history: History
) -> None:
    projector.feed.holds(history.events)
    await projector.take(*history.events[:4], poison(history.events[4]))
    await projector.catching_up.once()
    await projector.take(*history.events[5:])
    await projector.catching_up.once()
    assert await checkpoint_of(documents, "seaside") == 4
    assert projector.count("innkeep_parked_hotels") == 1
    assert await projector.projecting.parking.resume("seaside")
    await projector.catching_up.once()
    await holds(documents, history)
    assert projector.count("innkeep_parked_hotels") == 0


async def test_a_document_that_the_store_never_takes_parks_its_hotel_alone(
    projector: Projector, documents: Documents, history: History
) -> None:
    huge = History("huge").opened()
    huge.booked(0, 1)
    large = replace_principal(huge.events[1], "x" * 17_000_000)
    await projector.projecting.apply([huge.events[0], large, *history.events])
    await holds(documents, history)
    assert await checkpoint_of(documents, "huge") == 1
    (record,) = await projector.projecting.parking.hotels()
    assert (record["_id"], record["position"]) == ("huge", 2)


async def test_a_message_that_nobody_can_read_is_kept_once_and_the_next_ones_go_on(
    projector: Projector, documents: Documents, history: History
) -> None:
    nonsense = Delivery("events.03", b"{" * 100_000, tag=1)
    for _ in range(2):
        await projector.projecting.handle([nonsense, *map(delivery, history.events)])
    await holds(documents, history)
    (record,) = await documents.first(PARKED_MESSAGES, 10)
    assert (record["queue"], record["bytes"], record["body"]) == ("events.03", 100_000, b"{" * MAX_PARKED_BYTES)
    assert record["reason"]


def poison(event: EventEnvelope) -> EventEnvelope:
    """An event at the same position that no document can follow."""
    stray = History()
    stray.assigned(stray.booked(0, 1), "101")
    return EventEnvelope(
        hotel_id=event.hotel_id,
        position=event.position,
        at=event.at,
        principal=event.principal,
        correlation_id=event.correlation_id,
        causation_id=event.causation_id,
        body=stray.events[-1].body,
    )


def replace_principal(event: EventEnvelope, principal: str) -> EventEnvelope:
    """The same event, asked for by somebody else."""
    return EventEnvelope(
        hotel_id=event.hotel_id,
        position=event.position,
        at=event.at,
        principal=principal,
        correlation_id=event.correlation_id,
        causation_id=event.causation_id,
        body=event.body,
    )
