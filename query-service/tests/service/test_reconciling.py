import pytest
from histories import History
from stand_ins import FeedInMemory, Projector, delivery

from query_service.diverging import AHEAD
from query_service.documents import Documents
from query_service.reconciling import Reconciling

HOTEL = "seaside"


@pytest.fixture
async def projected(projector: Projector, feed: FeedInMemory, history: History) -> int:
    """Every event of the hotel is in its documents; how many events there are."""
    feed.holds(history.events)
    await projector.projecting.handle([delivery(event) for event in history.events])
    return len(history.events)


@pytest.fixture(params=[1_000_000, 7])
def reconciling(
    documents: Documents, feed: FeedInMemory, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Reconciling:
    monkeypatch.setattr("query_service.reconciling.RECONCILE_EVENTS", request.param)
    return Reconciling(feed, documents)


async def test_documents_that_are_right_are_found_right(reconciling: Reconciling, projected: int) -> None:
    report = await reconciling.hotel(HOTEL)
    assert (report.checkpoint, report.drift, report.moved, report.fault) == (projected, 0, 0, None)
    assert report.documents > 10


async def test_a_document_that_is_wrong_missing_or_not_expected_is_named_and_repaired(
    reconciling: Reconciling, documents: Documents, projected: int
) -> None:
    month = (await documents.find("availability", [f"{HOTEL}/2016-07"]))[f"{HOTEL}/2016-07"]
    await documents.put("availability", {**month, "types": {}})
    await documents.remove("hotel", HOTEL)
    await documents.put("statistics", {"_id": f"{HOTEL}/1999-01", "hotel_id": HOTEL, "position": 1, "nights": {}})
    found = {(d.collection, d.document_id, d.kind) for d in (await reconciling.hotel(HOTEL)).differences}
    assert found == {
        ("availability", f"{HOTEL}/2016-07", "different"),
        ("hotel", HOTEL, "missing"),
        ("statistics", f"{HOTEL}/1999-01", "unexpected"),
    }
    repaired = await reconciling.hotel(HOTEL, repair=True)
    assert {d.kind for d in repaired.differences if d.repaired} == {"different", "missing"}
    left = await reconciling.hotel(HOTEL)
    assert [(d.document_id, d.kind) for d in left.differences] == [(f"{HOTEL}/1999-01", "unexpected")]
    assert left.checkpoint == projected


async def test_a_document_that_moved_meanwhile_is_left_alone(
    reconciling: Reconciling, documents: Documents, projected: int
) -> None:
    hotel = (await documents.find("hotel", [HOTEL]))[HOTEL]
    ahead = {**hotel, "position": projected + 5, "name": "Newer"}
    await documents.put("hotel", ahead)
    report = await reconciling.hotel(HOTEL, repair=True)
    assert (report.moved, report.drift) == (1, 0)
    assert (await documents.find("hotel", [HOTEL]))[HOTEL] == ahead


async def test_a_feed_that_ends_too_early_is_said(reconciling: Reconciling, feed: FeedInMemory, projected: int) -> None:
    feed.events[HOTEL] = feed.events[HOTEL][: projected - 3]
    report = await reconciling.hotel(HOTEL)
    assert (report.diverged, report.checkpoint) == (AHEAD, projected - 3)
    assert report.drift > 0


async def test_a_hotel_that_nobody_knows_has_no_documents(reconciling: Reconciling) -> None:
    report = await reconciling.hotel("nowhere")
    assert (report.checkpoint, report.documents, report.drift) == (0, 0, 0)
