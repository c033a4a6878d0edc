"""What was served before a switch is kept with all that came since, until it is said that it may go."""

import pytest
from histories import History
from rebuilds import HOTEL, MONTH, assert_right, rebuild_of, route_of
from stand_ins import FeedInMemory, Projector

from query_service.documents import CHECKPOINTS, Documents
from query_service.routing import RouteRefusedError, Routing


async def test_rolling_back_serves_the_old_collection_with_all_that_came_since(
    documents: Documents, feed: FeedInMemory, projector: Projector, projected: History
) -> None:
    await (await rebuild_of(documents, feed, "availability")).whole()
    projected.booked(0, 2)
    await projector.take(projected.events[-1])
    assert (await documents.find("availability", [MONTH]))[MONTH]["position"] < len(projected.events)
    feed.asked.clear()
    await (await rebuild_of(documents, feed, "availability", back=True)).whole()
    assert feed.asked[0][1] > 0  # not from the beginning
    route = await route_of(documents, "availability")
    assert (route.current, route.previous) == ("availability", "availability.1")
    await assert_right(documents, projected)
    projected.booked(0, 2)
    await projector.take(projected.events[-1])
    await assert_right(documents, projected)


async def test_the_old_collection_is_dropped_when_it_is_said(
    documents: Documents, feed: FeedInMemory, projected: History
) -> None:
    routing = Routing(documents)
    await (await rebuild_of(documents, feed, "availability")).whole()
    assert "availability" in await documents.names()
    await routing.discard_old("availability")
    assert "availability" not in await documents.names()
    with pytest.raises(RouteRefusedError, match="no old collection"):
        await routing.announce_previous("availability")
    await assert_right(documents, projected)


async def test_a_third_collection_takes_the_place_of_the_first(
    documents: Documents, feed: FeedInMemory, projected: History
) -> None:
    for _ in range(2):
        await (await rebuild_of(documents, feed, "availability")).whole()
    names = {name for name in await documents.names() if name.startswith("availability")}
    assert names == {"availability.1", "availability.2"}
    await assert_right(documents, projected)


async def test_an_abandoned_rebuild_leaves_nothing_and_its_name_never_comes_again(
    documents: Documents, feed: FeedInMemory, projector: Projector, projected: History
) -> None:
    rebuild = await rebuild_of(documents, feed, "availability")
    await rebuild.rebuilding.bring_up_to_date()
    await rebuild.routing.abandon("availability")
    assert "availability.1" not in await documents.names()
    projected.booked(0, 2)
    await projector.take(projected.events[-1])
    assert (await documents.find(CHECKPOINTS, [HOTEL]))[HOTEL].get("collections") is None
    await (await rebuild_of(documents, feed, "availability")).whole()
    assert (await route_of(documents, "availability")).current == "availability.2"
    await assert_right(documents, projected)
