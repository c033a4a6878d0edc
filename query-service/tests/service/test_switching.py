"""Projectors and a rebuild at once: nothing is lost, nothing goes back, and nobody waits for a shadow."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from histories import History
from rebuilds import HOTEL, MONTH, assert_right, rebuild_of, route_of, served
from stand_ins import FeedInMemory, Projector, checkpoint_of, projector_of

from query_service.copying import CannotFollowError
from query_service.documents import CHECKPOINTS, Documents, DocumentsUnavailableError
from query_service.feed import FeedPage
from query_service.folding import Fault
from query_service.parking import Parking


async def test_events_that_come_between_the_last_page_and_the_switch_are_in_what_is_served(
    documents: Documents, feed: FeedInMemory, projector: Projector, projected: History
) -> None:
    rebuild = await rebuild_of(documents, feed, "availability")
    await rebuild.rebuilding.bring_up_to_date()
    projected.booked(2, 4)
    await projector.take(projected.events[-1])
    await rebuild.rebuilding.switch()
    await assert_right(documents, projected)
    projected.booked(2, 5)
    await projector.take(projected.events[-1])
    await assert_right(documents, projected)
    assert await checkpoint_of(documents, HOTEL) == len(projected.events)


async def test_a_projector_that_slept_through_the_switch_takes_nothing_back_and_loses_nothing(
    documents: Documents, feed: FeedInMemory, projector: Projector, projected: History
) -> None:
    """It had read where to write, and the events; then all happened at once."""
    shown: list[int] = []

    async def everything() -> None:
        await (await rebuild_of(documents, feed, "availability")).whole()
        shown.append((await served(documents, projected.events))["availability", MONTH]["position"])

    projector.store.meanwhile = everything
    projected.booked(0, 2)
    await projector.take(projected.events[-1])
    assert shown == [len(projected.events)]  # although it had not written it yet
    assert projector.projecting.behind == {HOTEL: len(projected.events)}
    assert await checkpoint_of(documents, HOTEL) == len(projected.events) - 1  # not moved by who did not know
    await projector.projecting.catch_up(HOTEL)
    assert await checkpoint_of(documents, HOTEL) == len(projected.events)
    await assert_right(documents, projected)


async def test_what_came_just_before_projectors_were_told_is_in_what_is_served(
    documents: Documents, feed: FeedInMemory, projector: Projector, projected: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rebuild has not seen it when it tells them, and the projector that has it does not know of the rebuild."""
    projected.booked(0, 2)
    feed.events[HOTEL] = projected.events[:-1]
    exchange = documents.exchange

    async def exchange_and_it_comes(collection: str, *args: Any) -> bool:
        exchanged = await exchange(collection, *args)
        if collection == CHECKPOINTS:
            feed.events[HOTEL] = projected.events
        return exchanged

    monkeypatch.setattr(documents, "exchange", exchange_and_it_comes)
    made: list[int] = []

    async def rebuilt() -> None:
        await (await rebuild_of(documents, feed, "availability")).rebuilding.bring_up_to_date()
        made.append((await documents.find("availability.1", [MONTH]))[MONTH]["position"])

    projector.store.meanwhile = rebuilt
    await projector.take(projected.events[-1])
    assert made == [len(projected.events)]


@dataclass
class FeedThatSleeps(FeedInMemory):
    """Something happens before it answers."""

    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def missing(self, hotel_id: str, after: int, limit: int) -> FeedPage:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        return await super().missing(hotel_id, after, limit)


async def test_events_that_are_newer_than_what_a_projector_knows_of_the_copies_are_taken_later(
    documents: Documents, history: History
) -> None:
    feed = FeedThatSleeps({HOTEL: history.events})
    projector = projector_of(documents, feed)
    await projector.take(*history.events)
    first = len(history.events)
    history.booked(0, 2)
    history.booked(0, 3)

    async def told_and_one_more() -> None:
        rebuild = await rebuild_of(documents, feed, "availability")
        await rebuild.rebuilding.bring_up_to_date()
        history.booked(1, 3)  # in no shadow yet, and in the page that the feed is about to give

    feed.meanwhile = told_and_one_more
    await projector.take(history.events[-1])  # a gap: the feed is asked
    month = (await documents.find("availability", [MONTH]))[MONTH]
    assert month["position"] <= first
    assert projector.projecting.behind[HOTEL] > first
    await projector.projecting.catch_up(HOTEL)
    for collection in ("availability", "availability.1"):
        assert (await documents.find(collection, [MONTH]))[MONTH]["position"] == len(history.events)


async def test_a_hotel_that_opens_during_a_rebuild_begins_in_both_collections(
    documents: Documents, feed: FeedInMemory, projector: Projector, projected: History
) -> None:
    rebuild = await rebuild_of(documents, feed, "hotel")
    await rebuild.rebuilding.bring_up_to_date()
    hillside = History("hillside").opened()
    feed.holds(hillside.events)
    await projector.take(*hillside.events)
    assert (await documents.find("hotel.1", ["hillside"])).keys() == {"hillside"}
    await rebuild.rebuilding.switch()
    await assert_right(documents, hillside)


async def test_a_hotel_that_nobody_has_projected_yet_is_not_lost(
    documents: Documents, feed: FeedInMemory, projector: Projector, projected: History
) -> None:
    hillside = History("hillside").opened()
    feed.holds(hillside.events)
    projector.store.meanwhile = (await rebuild_of(documents, feed, "hotel")).whole
    await projector.take(*hillside.events)  # it had seen no shadow
    assert projector.projecting.behind == {"hillside": 1}
    await projector.projecting.catch_up("hillside")
    await assert_right(documents, hillside)
    assert await checkpoint_of(documents, "hillside") == 1


async def test_what_is_made_is_written_before_what_is_served(
    documents: Documents, feed: FeedInMemory, projector: Projector, projected: History
) -> None:
    await (await rebuild_of(documents, feed, "availability")).rebuilding.bring_up_to_date()
    projected.booked(0, 2)
    projector.store.broken = {"availability"}
    with pytest.raises(DocumentsUnavailableError):
        await projector.take(projected.events[-1])
    made = (await documents.find("availability.1", [MONTH]))[MONTH]["position"]
    assert made == len(projected.events)


@pytest.mark.parametrize("early", [False, True])
async def test_a_shadow_that_cannot_take_an_event_does_not_stop_what_is_served(
    documents: Documents, feed: FeedInMemory, projector: Projector, projected: History, early: bool
) -> None:
    rebuild = await rebuild_of(documents, feed, "reservation")
    if not early:
        await rebuild.rebuilding.bring_up_to_date()
    booked = projected.booked(1, 4)
    await projector.take(projected.events[-1])
    await rebuild.rebuilding.bring_up_to_date()
    await documents.remove("reservation.1", f"{HOTEL}/{booked.id}")
    projected.assigned(booked, "103")
    await projector.take(projected.events[-1])
    assert await checkpoint_of(documents, HOTEL) == len(projected.events)
    assert await Parking(documents).among([HOTEL]) == frozenset()
    if early:  # it was lost from what the rebuild itself had made
        with pytest.raises(CannotFollowError, match="no event has made the reservation"):
            await rebuild.rebuilding.switch()
        assert (await route_of(documents, "reservation")).current == "reservation"
    else:
        await rebuild.rebuilding.switch()
    await assert_right(documents, projected)


async def test_an_event_that_only_the_new_code_cannot_apply_is_named_and_nothing_is_switched(
    documents: Documents, feed: FeedInMemory, projected: History
) -> None:
    feed.events[HOTEL] = projected.events[:3]
    with pytest.raises(CannotFollowError, match="beyond position 3: its events end here"):
        await (await rebuild_of(documents, feed, "hotel")).whole()
    assert (await route_of(documents, "hotel")).current == "hotel"


async def test_a_parked_hotel_is_switched_as_it_is(
    documents: Documents, feed: FeedInMemory, projected: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = len(projected.events)
    projected.booked(0, 2)
    missing = feed.missing

    async def unreadable(hotel_id: str, after: int, limit: int) -> FeedPage:
        page = await missing(hotel_id, after, min(limit, good - after))
        return FeedPage(page.events, Fault(good + 1, "what is this?"))

    monkeypatch.setattr(feed, "missing", unreadable)
    with pytest.raises(CannotFollowError, match="what is this"):
        await (await rebuild_of(documents, feed, "hotel")).whole()
    await Parking(documents).park_hotel(HOTEL, Fault(good + 1, "what is this?"))
    await (await rebuild_of(documents, feed, "hotel")).whole()
    assert (await route_of(documents, "hotel")).current == "hotel.1"


async def test_a_hotel_served_from_a_collection_without_its_events_is_parked_with_what_to_do(
    documents: Documents, feed: FeedInMemory, projector: Projector, projected: History
) -> None:
    await (await rebuild_of(documents, feed, "availability")).whole()
    checkpoint = (await documents.find(CHECKPOINTS, [HOTEL]))[HOTEL]
    await documents.put(CHECKPOINTS, {**checkpoint, "collections": {}})
    projected.booked(0, 2)
    await projector.take(projected.events[-1])
    [parked] = await Parking(documents).hotels()
    assert parked["reason"] == "not all documents are there: query-service rebuild availability"
    await (await rebuild_of(documents, feed, "availability")).whole()
    await Parking(documents).resume(HOTEL)
    await projector.projecting.catch_up(HOTEL)
    await assert_right(documents, projected)
