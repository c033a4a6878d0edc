"""Hotels that stay behind are brought up to date without the broker."""

import asyncio
from collections.abc import Callable

from histories import History
from stand_ins import FeedInMemory, Projector, checkpoint_of, projector_of

from query_service.catching_up import CatchingUp
from query_service.documents import CHECKPOINTS, Documents
from query_service.projections.catalog import PROJECTIONS


async def test_a_hotel_whose_queue_was_lost_is_noticed_at_the_second_look(
    projector: Projector, documents: Documents, history: History
) -> None:
    projector.feed.holds(history.events)
    await projector.take(*history.events[:3])
    await projector.catching_up.once()
    assert projector.feed.asked == []
    await projector.catching_up.once()
    await projector.catching_up.once()
    assert await checkpoint_of(documents, "seaside") == len(history.events)


async def test_a_hotel_that_moves_between_two_looks_is_left_to_its_queue(
    projector: Projector, history: History
) -> None:
    projector.feed.holds(history.events)
    for number in range(4):
        await projector.take(history.events[number])
        await projector.catching_up.once()
    assert projector.feed.asked == []


async def test_a_hotel_that_nobody_has_projected_yet_is_caught_up(
    projector: Projector, documents: Documents, history: History
) -> None:
    other = History("hillside").opened()
    projector.feed.holds(history.events, other.events)
    for _ in range(3):
        await projector.catching_up.once()
    assert await checkpoint_of(documents, "seaside") == len(history.events)
    assert await checkpoint_of(documents, "hillside") == 1


async def test_a_store_that_comes_back_with_older_data_heals(
    projector: Projector, documents: Documents, history: History
) -> None:
    projector.feed.holds(history.events)
    await projector.take(*history.events)
    for collection in (*(projection.collection for projection in PROJECTIONS), CHECKPOINTS):
        await documents._database.drop_collection(collection)
    for _ in range(3):
        await projector.catching_up.once()
    assert await checkpoint_of(documents, "seaside") == len(history.events)
    assert (await documents.find("hotel", ["seaside"]))["seaside"]["business_date"] == "2016-07-31"


async def test_a_hotel_whose_feed_fails_keeps_no_other_waiting(documents: Documents, history: History) -> None:
    feed = FeedInMemory()
    feed.holds(history.events)
    projector = projector_of(documents, feed)
    projector.projecting.leave_behind("unheard-of", 1)
    projector.projecting.leave_behind("seaside", 1)

    async def missing(hotel_id: str, after: int, limit: int) -> object:
        feed.down = hotel_id != "seaside"
        return await FeedInMemory.missing(feed, hotel_id, after, limit)

    feed.missing = missing  # type: ignore[assignment, method-assign]
    stop = asyncio.Event()
    running = asyncio.create_task(CatchingUp(projector.projecting, feed, poll_seconds=0.01).run(stop))
    await reached(documents, history)
    stop.set()
    await running
    assert list(projector.projecting.behind) == ["unheard-of"]


async def test_the_loop_survives_a_feed_that_is_down_and_says_what_is_wrong(
    projector: Projector, documents: Documents, history: History
) -> None:
    projector.feed.holds(history.events)
    projector.feed.down = True
    projector.projecting.leave_behind("seaside", 2)
    catching_up = CatchingUp(projector.projecting, projector.feed, poll_seconds=0.01)
    stop = asyncio.Event()
    running = asyncio.create_task(catching_up.run(stop))
    await until(lambda: catching_up.trouble != "")
    projector.feed.down = False
    await reached(documents, history)
    await until(lambda: catching_up.trouble == "")
    stop.set()
    await running


async def until(seen: Callable[[], bool]) -> None:
    """Return when it is seen, or fail."""
    for _ in range(1_000):
        if seen():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("not seen within ten seconds")


async def reached(documents: Documents, history: History) -> None:
    """Return when the hotel's documents hold all of its events, or fail."""
    for _ in range(1_000):
        if await checkpoint_of(documents, history.hotel_id) == len(history.events):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("not reached within ten seconds")


async def test_a_parked_hotel_is_not_looked_for(projector: Projector, history: History) -> None:
    projector.feed.holds(history.events)
    projector.projecting.leave_behind("seaside", 1)
    await projector.projecting.parking.documents.put("parked_hotels", {"_id": "seaside", "position": 1})
    for _ in range(3):
        await projector.catching_up.once()
    assert projector.feed.asked == []
    assert projector.projecting.behind == {}
