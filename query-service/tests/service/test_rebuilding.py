"""Documents are made anew beside those that are served; a rebuild that ends anywhere is gone on with."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from histories import History
from rebuilds import HOTEL, MONTH, assert_right, damage, rebuild_of, route_of
from stand_ins import FeedInMemory

from query_service import folding
from query_service.documents import Documents
from query_service.feed import FeedUnavailableError
from query_service.rounds import StoppedError
from query_service.routing import RouteRefusedError


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
