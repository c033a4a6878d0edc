"""A hotel that has diverged is repaired: its documents become those of its events, and projection goes on."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from histories_apart import Apart, every_document, holds_exactly
from stand_ins import FeedInMemory, Projector, checkpoint_of

from query_service.checkpoint import record_of
from query_service.documents import CHECKPOINTS, Documents, DocumentsUnavailableError
from query_service.feed import FeedPage
from query_service.folding import Fault
from query_service.going_back import GoingBack
from query_service.marks import Marks
from query_service.parking import Parking
from query_service.reconciling import Reconciling, Report
from query_service.routes import COPIES, ROUTES, Route, record_of_route


@dataclass
class Dying:
    """A store that dies at the ``last`` change."""

    documents: Documents
    last: int

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """What the store does; changes are counted."""
        method: Callable[..., Any] = getattr(self.documents, name)

        async def counted(*arguments: Any, **more: Any) -> Any:
            if name in {"put", "remove", "write", "correct", "count_up", "remove_range"}:
                self.last -= 1
                if self.last < 0:
                    raise DocumentsUnavailableError("died here")
            return await method(*arguments, **more)

        return counted


def going_back_on(documents: Any, feed: FeedInMemory) -> GoingBack:
    return GoingBack(Reconciling(feed, documents), Parking(documents), settle_seconds=0)


async def repair(going_back: GoingBack) -> Report:
    """As ``reconcile seaside --repair`` does."""
    reason = await going_back.needed("seaside")
    assert reason is not None
    return await going_back.hotel("seaside", reason, "ann")


@pytest.fixture
async def apart(projector: Projector) -> Apart:
    """The documents hold the history that was lost; the feed is another, of which the projector knows."""
    apart = Apart()
    apart.book(1)
    await projector.take(*apart.lost.events)
    projector.feed.holds(apart.anew.events)
    for _ in range(3):
        await projector.catching_up.once()
    assert projector.catching_up.held.diverged == {"seaside"}
    return apart


async def test_documents_become_those_of_the_new_history_and_projection_goes_on(
    projector: Projector, documents: Documents, apart: Apart
) -> None:
    report = await repair(going_back_on(documents, projector.feed))
    assert (report.checkpoint, report.drift - report.repaired) == (4, 0)
    assert {d.kind for d in report.differences} == {"different", "missing", "unexpected"}
    await holds_exactly(documents, apart.anew)
    apart.book(2)
    await projector.catching_up.once()
    await projector.take(*apart.anew.events[4:])
    await holds_exactly(documents, apart.anew)
    assert projector.catching_up.held.diverged == frozenset()


async def test_what_came_while_the_hotel_stood_still_is_taken_from_the_feed(
    projector: Projector, documents: Documents, apart: Apart
) -> None:
    await repair(going_back_on(documents, projector.feed))
    apart.book(2)
    projector.feed.holds(apart.anew.events)
    await projector.catching_up.once()
    await holds_exactly(documents, apart.anew)


async def test_a_hotel_that_the_write_side_has_forgotten_has_no_documents_afterwards(
    projector: Projector, documents: Documents, apart: Apart
) -> None:
    projector.feed.events.clear()
    report = await repair(going_back_on(documents, projector.feed))
    assert report.drift == report.repaired > 0
    assert await every_document(documents, "seaside") == {}
    assert await documents.find(CHECKPOINTS, ["seaside"]) == {}
    assert await Parking(documents).divergence_of("seaside") is None


async def test_whoever_dies_half_way_leaves_the_mark_and_the_next_one_ends_the_work(
    projector: Projector, documents: Documents, apart: Apart
) -> None:
    deaths = 0
    while True:
        dying = Dying(documents, deaths)
        with suppress(DocumentsUnavailableError):
            await repair(going_back_on(dying, projector.feed))
            break
        assert await Parking(documents).divergence_of("seaside") is not None
        deaths += 1
        await projector.take(*apart.anew.events)
        await projector.catching_up.once()
    # Once each: a document, the checkpoint, the repair's count and the mark; each death leaves one document more right.
    assert deaths >= 4
    await holds_exactly(documents, apart.anew)
    assert (await Marks(documents).of("seaside")).repairs >= 1


async def test_a_batch_that_was_begun_before_the_mark_is_overwritten(
    projector: Projector, documents: Documents, apart: Apart
) -> None:
    going_back = going_back_on(documents, projector.feed)
    strange = (await documents.find("hotel", ["seaside"]))["seaside"]
    look, looks = Reconciling.look, 0

    async def look_and_be_overtaken(self: Reconciling, report: Report, mending: Any = None) -> Report:
        nonlocal looks
        looks += 1
        if looks == 2:
            await documents.put("hotel", strange)
        return await look(self, report, mending)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Reconciling, "look", look_and_be_overtaken)
        await repair(going_back)
    assert looks == 4
    await holds_exactly(documents, apart.anew)


async def test_documents_that_never_come_to_rest_stay_marked(
    projector: Projector, documents: Documents, apart: Apart, monkeypatch: pytest.MonkeyPatch
) -> None:
    strange = (await documents.find("hotel", ["seaside"]))["seaside"]
    look = Reconciling.look

    async def look_and_be_overtaken(self: Reconciling, report: Report, mending: Any = None) -> Report:
        await documents.put("hotel", strange)
        return await look(self, report, mending)

    monkeypatch.setattr(Reconciling, "look", look_and_be_overtaken)
    report = await repair(going_back_on(documents, projector.feed))
    assert report.drift > report.repaired
    assert await Parking(documents).divergence_of("seaside") is not None


async def test_a_projector_that_runs_meanwhile_changes_nothing(
    projector: Projector, documents: Documents, apart: Apart
) -> None:
    over = asyncio.Event()

    async def project() -> None:
        while not over.is_set():
            await projector.take(*apart.anew.events, *apart.lost.events)
            await projector.catching_up.once()

    projecting = asyncio.create_task(project())
    await repair(going_back_on(documents, projector.feed))
    over.set()
    await projecting
    await projector.catching_up.once()
    await projector.catching_up.once()
    await holds_exactly(documents, apart.anew)


@pytest.mark.parametrize("fault_at", [3, 4])
async def test_an_event_that_cannot_be_read_keeps_the_mark(
    projector: Projector, documents: Documents, apart: Apart, fault_at: int
) -> None:
    missing = projector.feed.missing

    async def faulty(hotel_id: str, after: int, limit: int) -> FeedPage:
        page = await missing(hotel_id, after, limit)
        if not after < fault_at <= after + len(page.events):
            return page
        readable = tuple(event for event in page.events if event.position < fault_at)
        return FeedPage(readable, Fault(fault_at, "nobody can read it"), page.head)

    projector.feed.missing = faulty  # type: ignore[method-assign]
    report = await repair(going_back_on(documents, projector.feed))
    assert report.fault is not None
    assert report.fault.reason == "nobody can read it"
    assert await Parking(documents).divergence_of("seaside") is not None


async def test_a_parked_hotel_is_not_parked_any_more(projector: Projector, documents: Documents, apart: Apart) -> None:
    await Parking(documents).park_hotel("seaside", Fault(7, "of the lost history"))
    await repair(going_back_on(documents, projector.feed))
    await projector.catching_up.once()
    apart.book(1)
    await projector.take(*apart.anew.events[4:])
    await holds_exactly(documents, apart.anew)


async def test_where_the_newer_write_side_came_back_after_all_nothing_is_changed(
    projector: Projector, documents: Documents, apart: Apart
) -> None:
    projector.feed.holds(apart.lost.events)
    report = await repair(going_back_on(documents, projector.feed))
    assert (report.drift, report.checkpoint) == (0, 6)
    assert await Parking(documents).divergence_of("seaside") is None
    await holds_exactly(documents, apart.lost)


async def test_reconciling_alone_names_what_differs_and_changes_nothing(
    projector: Projector, documents: Documents, apart: Apart
) -> None:
    before = await every_document(documents, "seaside")
    for asked in (False, True):
        report = await Reconciling(projector.feed, documents).hotel("seaside", repair=asked)
        assert report.diverged is not None
        lost = {f"seaside/{event.body.reservation_id}" for event in apart.lost.events[3:5]}  # type: ignore[union-attr]
        named = {d.document_id for d in report.differences if (d.collection, d.kind) == ("reservation", "unexpected")}
        assert named == lost
        assert (report.moved, report.repaired) == (0, 0)
    assert await every_document(documents, "seaside") == before


async def test_copies_that_are_not_served_lose_the_hotel_and_no_old_batch_moves_the_checkpoint(
    projector: Projector, documents: Documents, apart: Apart
) -> None:
    route = Route("hotel", "hotel", shadow="hotel.2", previous="hotel.1", number=2, revision=3)
    await documents.put(ROUTES, record_of_route(route))
    for collection in ("hotel.1", "hotel.2"):
        await documents.put(COPIES, {"_id": f"{collection}/seaside", "position": 6})
        for name in ("seaside", "seaside/below", "seaside-2"):
            await documents.put(collection, {"_id": name, "position": 9})
    await repair(going_back_on(documents, projector.feed))
    for collection in ("hotel.1", "hotel.2"):
        assert await documents.ids(collection, "", "~") == ["seaside-2"]
    assert await documents.ids(COPIES, "", "~") == []
    late = record_of(apart.lost.events[5])
    assert await documents.advance(CHECKPOINTS, [late], [await checkpoint_of(documents, "seaside")]) == 1
    await holds_exactly(documents, apart.anew)
