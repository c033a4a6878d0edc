"""The query side finds out by itself where its documents are not what the events say, and says so."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from histories import History
from histories_apart import Apart
from stand_ins import FeedInMemory, Projector, projector_of, rounds_of
from structlog.testing import capture_logs

from harness.waiting import until
from query_service.documents import Documents
from query_service.rounds import Pace, Rounds, StoppedError, share_of
from query_service.settings import MAX_ROUND_REST_SECONDS, ROUND_RESTS
from shared_contracts.topology import events_queue, partition_of
from shared_contracts.transport.sharing import Sharing


@pytest.fixture
async def rounds(projector: Projector, history: History) -> Rounds:
    """Rounds over two hotels whose documents are right."""
    other = History("hillside").opened()
    projector.feed.holds(history.events, other.events)
    await projector.take(*history.events, *other.events)
    projector.feed.asked.clear()
    return rounds_of(projector)


async def spoil(documents: Documents) -> dict[str, Any]:
    """Make a document wrong, and return it as it was."""
    month: dict[str, Any] = (await documents.find("availability", ["seaside/2016-07"]))["seaside/2016-07"]
    await documents.put("availability", {**month, "types": {}})
    return month


async def test_documents_that_are_right_are_counted_and_the_round_is_told(rounds: Rounds, projector: Projector) -> None:
    await rounds.once()
    assert projector.count("innkeep_compared_documents_total") > 10
    assert projector.count("innkeep_drift_documents") == 0
    assert projector.count("innkeep_last_round_timestamp_seconds") > 0
    assert (rounds.drift, rounds.trouble) == ({}, "")


@pytest.mark.parametrize("rounds_before", [0, 1])
async def test_a_document_that_was_changed_in_the_store_is_named_counted_and_left(
    rounds: Rounds, projector: Projector, documents: Documents, rounds_before: int
) -> None:
    for _ in range(rounds_before):
        await rounds.once()
    right = await spoil(documents)
    with capture_logs() as logs:
        await rounds.once()
    (line,) = [line for line in logs if line["event"] == "documents_differ"]
    assert (line["hotel"], line["drift"]) == ("seaside", 1)
    assert line["documents"] == ["availability seaside/2016-07: different"]
    assert projector.count("innkeep_drift_documents") == 1
    assert rounds.drift == {"seaside": 1}
    assert (await documents.find("availability", ["seaside/2016-07"]))["seaside/2016-07"]["types"] == {}
    await documents.put("availability", right)
    await rounds.once()
    assert projector.count("innkeep_drift_documents") == 0
    assert rounds.drift == {}


async def test_a_hotel_that_stands_still_is_compared_without_its_events(rounds: Rounds, projector: Projector) -> None:
    await rounds.once()
    projector.feed.asked.clear()
    await rounds.once()
    assert {hotel for hotel, _ in projector.feed.asked} == {"seaside", "hillside"}
    assert all((hotel, 0) not in projector.feed.asked for hotel in ["seaside"])
    assert len(projector.feed.asked) == 2  # the event at the checkpoint of each


async def test_a_hotel_that_moved_is_compared_with_its_events_again(
    rounds: Rounds, projector: Projector, documents: Documents, history: History
) -> None:
    await rounds.once()
    await spoil(documents)
    history.booked(2, 4)
    projector.feed.holds(history.events)
    await projector.take(history.events[-1])
    await rounds.once()
    assert rounds.drift == {"seaside": 1}


async def test_a_document_that_is_wrong_at_one_look_only_is_no_drift(
    rounds: Rounds, documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = await spoil(documents)

    rounds.second_look_seconds = 7
    wrong = list[bool]()

    async def put_right(_: Pace, seconds: float) -> None:
        if seconds == rounds.second_look_seconds:
            wrong.append(True)
            await documents.put("availability", right)

    monkeypatch.setattr(Pace, "pause", put_right)
    with capture_logs() as logs:
        await rounds.once()
    assert wrong == [True]
    assert rounds.drift == {}
    assert [line for line in logs if line["event"] == "documents_differ"] == []


async def test_documents_that_are_being_written_are_no_drift(documents: Documents, history: History) -> None:
    feed = FeedInMemory()
    feed.holds(history.events)
    projector = projector_of(documents, feed)
    rounds = rounds_of(projector)
    over = asyncio.Event()

    async def go_round() -> None:
        while not over.is_set():
            await rounds.once()
            assert rounds.drift == {}

    going = asyncio.create_task(go_round())
    for event in history.events:
        await projector.take(event)
    over.set()
    await going


async def test_each_projector_compares_its_share(rounds: Rounds, projector: Projector, documents: Documents) -> None:
    sharing = Sharing(None, [events_queue(partition_of("seaside"))], member="a")  # type: ignore[arg-type]
    rounds.owns = share_of(sharing)
    await spoil(documents)
    await rounds.once()
    assert rounds.drift == {}
    sharing._owners = {events_queue(partition_of("seaside")): "a"}
    await rounds.once()
    assert rounds.drift == {"seaside": 1}
    sharing._owners = {events_queue(partition_of("seaside")): "b"}
    await rounds.once()
    assert rounds.drift == {}
    assert projector.count("innkeep_drift_documents") == 0


async def test_a_hotel_of_another_history_is_handed_on(projector: Projector) -> None:
    apart = Apart()
    apart.book(3)
    await projector.take(*apart.lost.events)
    projector.feed.holds(apart.anew.events)
    rounds = rounds_of(projector)
    rounds.drift = {"seaside": 2}
    await rounds.once()
    await projector.catching_up.once()
    assert (await projector.projecting.parking.held()).diverged == {"seaside"}
    assert rounds.drift == {}


async def test_where_the_feed_does_not_answer_the_next_round_comes_soon(rounds: Rounds, projector: Projector) -> None:
    """As when a projector has started sooner than the command API."""
    rounds.retry_seconds = 0.01
    projector.feed.down = True
    going = asyncio.create_task(rounds.run(asyncio.Event()))
    await until(lambda: rounds.trouble == "down")
    projector.feed.down = False
    await until(lambda: projector.count("innkeep_last_round_timestamp_seconds") > 0)
    assert rounds.trouble == ""
    going.cancel()


async def test_a_feed_that_is_down_is_said_and_the_round_is_not_counted(rounds: Rounds, projector: Projector) -> None:
    missing = projector.feed.missing
    projector.feed.down = True
    await rounds.once()
    assert rounds.trouble == "down"
    projector.feed.down = False

    async def seaside_fails(hotel_id: str, after: int, limit: int) -> object:
        projector.feed.down = hotel_id == "seaside"
        try:
            return await missing(hotel_id, after, limit)
        finally:
            projector.feed.down = False

    projector.feed.missing = seaside_fails  # type: ignore[assignment, method-assign]
    await rounds.once()
    assert rounds.trouble == "seaside: down"
    assert projector.count("innkeep_last_round_timestamp_seconds") == 0
    assert projector.count("innkeep_compared_documents_total") == 2  # those of the other hotel


async def test_the_round_rests_many_times_as_long_as_it_works(monkeypatch: pytest.MonkeyPatch) -> None:
    now, rests = 0.0, list[float]()
    pace = Pace(asyncio.Event(), clock=lambda: now)

    async def noted(_: asyncio.Event, seconds: float) -> bool:
        rests.append(seconds)
        return False

    monkeypatch.setattr("query_service.rounds.wait_for", noted)
    for worked in (1.0, 0.5, 100.0):
        await pace.rest()
        now += worked
    await pace.rest()
    assert rests == [0.0, ROUND_RESTS * 1.0, ROUND_RESTS * 0.5, MAX_ROUND_REST_SECONDS]


async def test_a_round_ends_in_the_middle_when_the_process_stops(rounds: Rounds) -> None:
    stop = rounds.pace.stop
    going: Callable[[], Awaitable[None]] = rounds.once
    stop.set()
    with pytest.raises(StoppedError):
        await going()
    async with asyncio.timeout(5):
        await rounds.run(asyncio.Event())


async def test_stores_with_equal_documents_have_equal_digests(
    rounds: Rounds, documents: Documents, history: History, mongodb_url: str, database: str
) -> None:
    other = Documents(mongodb_url, f"{database}-2", 10)
    try:
        twin = projector_of(other, FeedInMemory())
        for event in history.events:
            await twin.take(event)
        digests = [(await rounds.reconciling.hotel("seaside")).digest, str(await rounds.reconciling.digest("seaside"))]
        twins = rounds_of(twin).reconciling
        twin.feed.holds(history.events)
        assert [(await twins.hotel("seaside")).digest, str(await twins.digest("seaside"))] == digests
        assert digests[0] == digests[1]
        await spoil(other)
        assert (await twins.hotel("seaside")).digest not in {None, digests[0]}
    finally:
        await other._client.drop_database(f"{database}-2")
        other.close()
