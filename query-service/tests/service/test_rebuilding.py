"""Documents are made anew beside those that are served: nothing is lost, and nobody notices."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from histories import History, documents_of
from rebuilds import rebuild_of, route_of, served
from stand_ins import FeedInMemory, Projector, as_stored, checkpoint_of, projector_of

from query_service import folding
from query_service.copying import CannotFollowError
from query_service.documents import CHECKPOINTS, Documents, DocumentsUnavailableError
from query_service.feed import FeedPage, FeedUnavailableError
from query_service.folding import Fault
from query_service.parking import Parking
from query_service.rounds import StoppedError
from query_service.routing import RouteRefusedError, Routing

HOTEL = "seaside"
MONTH = f"{HOTEL}/2016-07"


@pytest.fixture
async def projected(projector: Projector, feed: FeedInMemory, history: History) -> History:
    """Every event of the hotel is in its documents, and the feed has them."""
    feed.events[HOTEL] = history.events  # the same list: what happens later is there too
    await projector.take(*history.events)
    return history


async def damage(documents: Documents) -> None:
    month = (await documents.find("availability", [MONTH]))[MONTH]
    await documents.put("availability", {**month, "types": {}})


async def assert_right(documents: Documents, history: History) -> None:
    assert await served(documents, history.events) == as_stored(documents_of(history.events))


async def test_a_rebuilt_kind_is_served_from_a_new_collection_and_is_right(
    documents: Documents, feed: FeedInMemory, projected: History
) -> None:
    await damage(documents)
    await (await rebuild_of(documents, feed, "availability")).whole()
    route = await route_of(documents, "availability")
    assert (route.current, route.previous, route.shadow, route.closely) == (
        "availability.1",
        "availability",
        None,
        False,
    )
    await assert_right(documents, projected)


async def test_all_kinds_are_rebuilt_together(documents: Documents, feed: FeedInMemory, projected: History) -> None:
    kinds = list(folding.NAMED_AS_KINDS)
    asked = len(feed.asked)
    await (await rebuild_of(documents, feed, *kinds)).whole()
    assert [(await route_of(documents, kind)).current for kind in kinds] == [f"{kind}.1" for kind in kinds]
    assert len(feed.asked) - asked == 1  # one page holds all events of this hotel
    await assert_right(documents, projected)


async def test_what_differs_is_told_by_name(documents: Documents, feed: FeedInMemory, projected: History) -> None:
    await damage(documents)
    await documents.remove("availability", f"{HOTEL}/2016-08")
    await documents.put("availability", {"_id": f"{HOTEL}/1999-01", "hotel_id": HOTEL, "position": 1})
    rebuild = await rebuild_of(documents, feed, "availability", "hotel")
    await rebuild.rebuilding.bring_up_to_date()
    found = await rebuild.rebuilding.compare()
    assert {(d.document_id, d.kind) for d in found["availability"].differences} == {
        (MONTH, "different"),
        (f"{HOTEL}/2016-08", "missing"),
        (f"{HOTEL}/1999-01", "unexpected"),
    }
    assert (found["hotel"].compared, found["hotel"].different) == (1, 0)


async def test_a_document_that_moves_meanwhile_is_not_told(
    documents: Documents, feed: FeedInMemory, projected: History
) -> None:
    rebuild = await rebuild_of(documents, feed, "availability")
    await rebuild.rebuilding.bring_up_to_date()
    month = (await documents.find("availability", [MONTH]))[MONTH]
    await documents.put("availability", {**month, "position": len(projected.events) + 1})
    found = (await rebuild.rebuilding.compare())["availability"]
    assert (found.moved, found.different) == (1, 0)


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


async def test_a_shadow_that_is_gone_is_begun_anew(
    documents: Documents, feed: FeedInMemory, projected: History
) -> None:
    rebuild = await rebuild_of(documents, feed, "availability")
    await rebuild.rebuilding.bring_up_to_date()
    await documents.drop("availability.1")
    await (await rebuild_of(documents, feed, "availability")).whole()
    assert (await route_of(documents, "availability")).current == "availability.2"
    await assert_right(documents, projected)


class DiedError(Exception):
    """As if it was killed."""


@pytest.mark.parametrize("point", ["rebuild.mid_copy", "rebuild.before_switch", "rebuild.after_switch"])
async def test_a_rebuild_that_dies_anywhere_is_gone_on_with(
    documents: Documents, feed: FeedInMemory, projected: History, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    def die(here: str) -> None:
        if here == point:
            raise DiedError

    with monkeypatch.context() as patched:
        patched.setattr("query_service.rebuilding.crash_here", die)
        patched.setattr("query_service.copying.crash_here", die)
        with pytest.raises(DiedError):
            await (await rebuild_of(documents, feed, "availability")).whole()
    route = await route_of(documents, "availability")
    await assert_right(documents, projected)
    if route.finishing:
        rebuild = await rebuild_of(documents, feed)
        await rebuild.rebuilding.finish({"availability": route.current})
    else:
        await (await rebuild_of(documents, feed, "availability")).whole()
    route = await route_of(documents, "availability")
    assert (route.current, route.shadow, route.closely) == ("availability.1", None, False)
    await assert_right(documents, projected)


async def test_of_two_rebuilds_at_once_one_is_told_that_the_other_has_switched(
    documents: Documents, feed: FeedInMemory, projected: History
) -> None:
    first, second = [await rebuild_of(documents, feed, "availability") for _ in range(2)]
    await asyncio.gather(first.rebuilding.bring_up_to_date(), second.rebuilding.bring_up_to_date())
    await first.rebuilding.switch()
    with pytest.raises(RouteRefusedError, match="somebody else"):
        await second.rebuilding.switch()
    route = await route_of(documents, "availability")
    assert (route.current, route.previous, route.shadow) == ("availability.1", "availability", None)
    await assert_right(documents, projected)


async def test_a_rebuild_waits_for_a_feed_that_is_down_and_stops_when_told(
    documents: Documents, feed: FeedInMemory, projected: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("query_service.rebuilding.REBUILD_RETRY_SECONDS", 0.01)
    rebuild = await rebuild_of(documents, feed, "availability")
    heads, down = feed.heads, [True, True]

    async def sometimes(after: str, limit: int) -> Any:
        if down:
            down.pop()
            raise FeedUnavailableError("down")
        return await heads(after, limit)

    monkeypatch.setattr(feed, "heads", sometimes)
    await rebuild.rebuilding.bring_up_to_date()
    rebuild.stop.set()
    with pytest.raises(StoppedError):
        await rebuild.rebuilding.switch()
    assert (await route_of(documents, "availability")).current == "availability"


@dataclass
class Notes:
    """What a rebuild says in its log."""

    said: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])

    def info(self, action: str, **context: Any) -> None:
        self.said.append({"action": action, **context})


async def test_progress_rate_and_time_left_are_told(
    documents: Documents, feed: FeedInMemory, projected: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = Notes()
    monkeypatch.setattr("query_service.rebuild_progress.log", notes)
    monkeypatch.setattr("query_service.copying.REBUILD_PAGE", 4)
    rebuild = await rebuild_of(documents, feed, "availability")
    rebuild.rebuilding.progress.seconds = 0.0
    await rebuild.rebuilding.bring_up_to_date()
    events = len(projected.events)
    assert notes.said[0] == {"action": "rebuild_begins", "hotels": 1, "events": events}
    told = notes.said[1]
    assert (told["action"], told["events"]) == ("rebuilding", f"4/{events}")
    assert told["events_per_second"] > 0
    assert told["seconds_left"] >= 0
    assert notes.said[-1]["hotels"] == "1/1"
