"""What the last batch of a hotel has left is used as long as the hotel stands there, and never after."""

import tracemalloc
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from histories import Booked, History, documents_of
from rebuilds import rebuild_of
from stand_ins import BreakingStore, FeedInMemory, Projector, as_stored, projector_of, rounds_of, stored

from query_service.checkpoint import Checkpoint
from query_service.documents import CHECKPOINTS, Documents, DocumentsUnavailableError
from query_service.folding import Address
from query_service.projections.catalog import PROJECTIONS
from query_service.recent import RecentDocuments, Stand
from query_service.reconciling import Reconciling
from query_service.settings import RECENT_OVERHEAD_BYTES, STAND_BYTES

STAND = Stand("seaside", Checkpoint(5, "a command", "a time"), 0, {"hotel": "hotel"})
ADDRESS: Address = ("hotel", "seaside")
DOCUMENT = {"_id": "seaside", "hotel_id": "seaside", "position": 5}
KINDS = frozenset(projection.collection for projection in PROJECTIONS)
"""The collections of documents, without those that say how hotels stand."""
CURRENT = {kind: kind for kind in KINDS}
LIST = "seaside/2016-08-02/arrivals"


def kept(stand: Stand = STAND, document: Mapping[str, Any] = DOCUMENT) -> RecentDocuments:
    """What remembers one document."""
    recent = RecentDocuments()
    recent.keep(stand, {ADDRESS: document})
    return recent


def test_what_was_kept_is_recalled() -> None:
    assert kept().recall(STAND, [ADDRESS, ("hotel", "another")]) == {ADDRESS: DOCUMENT}


@pytest.mark.parametrize(
    "now",
    [
        replace(STAND, checkpoint=Checkpoint(6, "a command", "a time")),
        replace(STAND, checkpoint=Checkpoint(5, "another command", "a time")),
        replace(STAND, checkpoint=Checkpoint(5, "a command", "a time", fence=1)),
        replace(STAND, repairs=1),
        replace(STAND, current={"hotel": "hotel.1"}),
    ],
)
def test_of_a_hotel_that_stands_elsewhere_nothing_is_recalled_then_or_later(now: Stand) -> None:
    recent = kept()
    assert recent.recall(now, [ADDRESS]) == {}
    assert recent.recall(STAND, [ADDRESS]) == {}


def test_what_was_recalled_is_not_recalled_again_before_its_batch_has_ended() -> None:
    recent = kept()
    recent.recall(STAND, [ADDRESS])
    assert recent.recall(STAND, [ADDRESS]) == {}


def test_what_a_batch_did_not_change_stays_known() -> None:
    recent, later = kept(), replace(STAND, checkpoint=Checkpoint(6, "another command", "a time"))
    recent.recall(STAND, [])
    recent.keep(later, {("statistics", "seaside/2026-05"): {"position": 6}})
    found = recent.recall(later, [ADDRESS, ("statistics", "seaside/2026-05")])
    assert found == {ADDRESS: DOCUMENT, ("statistics", "seaside/2026-05"): {"position": 6}}


def test_the_hotels_that_changed_longest_ago_are_forgotten_first() -> None:
    stands = [replace(STAND, hotel_id=hotel_id) for hotel_id in ("seaside", "hillside", "lakeside")]
    recent = RecentDocuments(limit=2 * (STAND_BYTES + RECENT_OVERHEAD_BYTES + 50))
    for stand in stands:
        recent.keep(stand, {("hotel", stand.hotel_id): {"text": "x" * 30}})
    assert [bool(recent.recall(stand, [("hotel", stand.hotel_id)])) for stand in stands] == [False, True, True]


def test_of_one_hotel_the_documents_that_changed_longest_ago_are_forgotten_first() -> None:
    recent = RecentDocuments(limit=STAND_BYTES + 2 * (RECENT_OVERHEAD_BYTES + 50))
    lists: list[Address] = [("front_desk", f"seaside/2016-08-0{day}/arrivals") for day in range(1, 4)]
    for address in (*lists[:2], lists[0], lists[2]):
        recent.keep(STAND, {address: {"text": "x" * 30}})
    assert recent.recall(STAND, lists).keys() == {lists[0], lists[2]}


def test_a_document_that_is_kept_again_takes_no_more_room() -> None:
    recent = RecentDocuments(limit=STAND_BYTES + RECENT_OVERHEAD_BYTES + 60)
    for _ in range(10):
        recent.keep(STAND, {ADDRESS: {"text": "x" * 30}})
    assert recent.recall(STAND, [ADDRESS]) != {}


def test_what_is_remembered_of_very_many_hotels_is_bounded() -> None:
    recent = RecentDocuments(limit=1_000_000)
    tracemalloc.start()
    for number in range(5_000):
        hotel_id = f"hotel-{number}"
        stand = Stand(hotel_id, Checkpoint(number, f"command {number}", f"instant {number}"), 0, dict(CURRENT))
        recent.keep(stand, {("hotel", hotel_id): {"_id": hotel_id, "n": number}})
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken < 1_000_000


@dataclass
class AskedStore(BreakingStore):
    """Remembers which documents were asked for."""

    asked: set[Address] = field(default_factory=set[Address])

    async def find_in(self, wanted: Mapping[str, Collection[str]]) -> dict[str, dict[str, Any]]:
        self.asked |= {(kind, one) for kind, ids in wanted.items() if kind in KINDS for one in ids}
        return await self.documents.find_in(wanted)


@pytest.fixture
def projector(documents: Documents, feed: FeedInMemory) -> Projector:
    return projector_of(documents, feed, AskedStore(documents))


def asked(projector: Projector) -> set[Address]:
    """The documents that were asked for, since this was asked last."""
    assert isinstance(projector.store, AskedStore)
    found, projector.store.asked = projector.store.asked, set()
    return found


async def holds(documents: Documents, history: History) -> None:
    """Assert that the store holds exactly what the events of the history make."""
    wanted = as_stored(documents_of(history.events))
    assert await stored(documents, wanted) == wanted


async def book(projector: Projector, history: History) -> Booked:
    """Take one more booking; what it changes and was there before is known from then on."""
    booked = history.booked(3, 5)
    await projector.take(history.events[-1])
    return booked


async def test_of_one_more_booking_nothing_is_asked_for(
    projector: Projector, documents: Documents, projected: History
) -> None:
    await book(projector, projected)
    asked(projector)
    await book(projector, projected)
    assert asked(projector) == set()
    await holds(documents, projected)


async def test_what_only_one_reservation_has_made_is_not_kept(projector: Projector, projected: History) -> None:
    booked = await book(projector, projected)
    await book(projector, projected)
    asked(projector)
    projected.cancelled(booked)
    await projector.take(projected.events[-1])
    assert ("reservation", f"seaside/{booked.id}") in asked(projector)


async def test_after_another_projector_has_gone_on_all_is_asked_for(
    projector: Projector, documents: Documents, projected: History
) -> None:
    await book(projector, projected)
    await book(projector_of(documents, projector.feed), projected)
    asked(projector)
    await book(projector, projected)
    assert ("front_desk", LIST) in asked(projector)
    await holds(documents, projected)


async def test_after_a_batch_that_was_not_written_all_is_asked_for(
    projector: Projector, documents: Documents, projected: History
) -> None:
    await book(projector, projected)
    projector.store.broken = {CHECKPOINTS}
    with pytest.raises(DocumentsUnavailableError):
        await book(projector, projected)
    projector.store.broken = set()
    asked(projector)
    await projector.take(projected.events[-1])
    assert ("front_desk", LIST) in asked(projector)
    await holds(documents, projected)


async def test_what_was_repaired_is_not_overwritten_with_what_was_known(
    projector: Projector, documents: Documents, projected: History
) -> None:
    restarted, _ = await knows_wrong(projector, documents, projected)
    report = await rounds_of(restarted).reconciling.hotel("seaside", repair=True)
    assert [difference.document_id for difference in report.differences] == [LIST]
    await book(restarted, projected)
    await holds(documents, projected)


@dataclass
class MeanwhileRepaired:
    """Something happens once, as soon as a repair has put the list right."""

    documents: Documents
    right: Mapping[str, Any]
    then: Callable[[], Awaitable[object]]
    happened: bool = False

    async def __call__(self) -> None:
        if not self.happened and (await self.documents.find("front_desk", [LIST]))[LIST] == self.right:
            self.happened = True
            await self.then()


async def test_a_booking_in_the_middle_of_a_repair_leaves_what_was_repaired(
    projector: Projector, documents: Documents, projected: History
) -> None:
    restarted, right = await knows_wrong(projector, documents, projected)
    rest = MeanwhileRepaired(documents, right, lambda: book(restarted, projected))
    await Reconciling(projector.feed, documents, rest=rest).hotel("seaside", repair=True)
    assert rest.happened
    await holds(documents, projected)


async def test_a_repair_that_ends_in_its_middle_stays_as_far_as_it_came(
    projector: Projector, documents: Documents, projected: History
) -> None:
    restarted, right = await knows_wrong(projector, documents, projected)

    async def end() -> None:
        raise DocumentsUnavailableError("killed here")

    rest = MeanwhileRepaired(documents, right, end)
    with pytest.raises(DocumentsUnavailableError):
        await Reconciling(projector.feed, documents, rest=rest).hotel("seaside", repair=True)
    await book(restarted, projected)
    await holds(documents, projected)


async def knows_wrong(
    projector: Projector, documents: Documents, history: History
) -> tuple[Projector, Mapping[str, Any]]:
    """A projector that remembers a list which is wrong, as is the one that is stored; and the right one."""
    await book(projector, history)
    stood = (await documents.find("front_desk", [LIST]))[LIST]
    await documents.put("front_desk", {**stood, "cancelled": 9})
    restarted = projector_of(documents, projector.feed)
    await book(restarted, history)
    wrong = (await documents.find("front_desk", [LIST]))[LIST]
    return restarted, {**wrong, "cancelled": stood["cancelled"]}


async def test_after_a_document_that_the_store_did_not_take_all_is_asked_for(
    projector: Projector, documents: Documents, projected: History
) -> None:
    await book(projector, projected)
    await book(projector, projected)
    projector.store.refuses = ["front_desk", "front_desk"]  # with others and by itself, but not event by event
    await book(projector, projected)
    asked(projector)
    await book(projector, projected)
    assert ("front_desk", LIST) in asked(projector)
    await holds(documents, projected)


async def test_where_a_rebuild_is_written_beside_the_checkpoint_is_looked_at_once_more(
    projector: Projector, documents: Documents, projected: History
) -> None:
    await (await rebuild_of(documents, projector.feed, "availability")).rebuilding.bring_up_to_date()
    await book(projector, projected)
    await book(projector, projected)

    async def goes_back() -> None:
        """Somebody puts the hotel's documents right while what is being made is written."""
        stood = (await documents.find(CHECKPOINTS, ["seaside"]))["seaside"]
        await documents.put(CHECKPOINTS, {**stood, "fence": stood["fence"] + 1})

    before = await documents.find("front_desk", [LIST])
    projector.store.meanwhile = goes_back
    await book(projector, projected)
    assert await documents.find("front_desk", [LIST]) == before
    assert "seaside" in projector.projecting.behind
