"""A write side that came back older than the documents is noticed, whatever shows it first, and nothing is mixed."""

from dataclasses import replace

import pytest
from histories import History
from histories_apart import COMMON, Apart, every_document, holds_exactly
from stand_ins import Projector, delivery

from query_service import diverging
from query_service.documents import CHECKPOINTS, Documents


@pytest.fixture
async def apart(projector: Projector) -> Apart:
    """The documents hold the history that was lost; the feed is that of the other."""
    apart = Apart()
    await projector.take(*apart.lost.events)
    projector.feed.holds(apart.anew.events)
    return apart


async def reason(projector: Projector, hotel_id: str = "seaside") -> str | None:
    record = await projector.projecting.parking.divergence_of(hotel_id)
    return record["reason"] if record else None


async def test_documents_ahead_of_the_write_side_are_noticed_at_the_first_look(
    projector: Projector, apart: Apart
) -> None:
    await projector.catching_up.once()
    await projector.catching_up.once()
    record = await projector.projecting.parking.divergence_of("seaside")
    assert (record["documents_position"], record["events_position"]) == (6, COMMON)
    assert record["reason"] == diverging.AHEAD
    assert record["at"]
    await projector.catching_up.once()
    assert projector.count("innkeep_diverged_hotels") == 1
    assert projector.projecting.behind == {}


async def test_another_event_at_the_checkpoint_is_noticed_before_anything_is_caught_up(
    projector: Projector, documents: Documents, apart: Apart
) -> None:
    before = await every_document(documents, "seaside")
    apart.book(6)
    projector.feed.holds(apart.anew.events)
    for _ in range(3):
        await projector.catching_up.once()
    assert await reason(projector) == diverging.OTHER
    assert await every_document(documents, "seaside") == before


async def test_a_delivery_at_the_checkpoint_from_another_command_is_noticed_and_nothing_with_it_is_applied(
    projector: Projector, documents: Documents, apart: Apart
) -> None:
    before = await every_document(documents, "seaside")
    apart.book(5)
    projector.feed.holds(apart.anew.events)
    await projector.take(*apart.anew.events[COMMON:])
    assert await every_document(documents, "seaside") == before
    await projector.catching_up.once()
    assert await reason(projector) == diverging.OTHER


async def test_a_gap_is_not_filled_from_another_history(
    projector: Projector, documents: Documents, apart: Apart
) -> None:
    before = await every_document(documents, "seaside")
    apart.book(7)
    projector.feed.holds(apart.anew.events)
    await projector.take(apart.anew.events[-1])
    assert await reason(projector) == diverging.OTHER
    assert await every_document(documents, "seaside") == before


async def test_a_hotel_that_the_write_side_has_forgotten_has_diverged(projector: Projector, apart: Apart) -> None:
    projector.feed.events.clear()
    projector.feed.holds(History("hillside").opened().events)
    for _ in range(2):
        await projector.catching_up.once()
    assert await reason(projector) == diverging.UNKNOWN


async def test_a_hotel_that_neither_side_knows_is_not_behind_for_ever(projector: Projector) -> None:
    projector.projecting.leave_behind("nowhere", 5)
    await projector.catching_up.once()
    assert projector.projecting.behind == {}
    assert await reason(projector, "nowhere") is None


async def test_events_of_two_histories_in_one_batch_are_left_to_the_feed(
    projector: Projector, documents: Documents
) -> None:
    apart = Apart()
    apart.book(3)
    projector.feed.holds(apart.anew.events)
    await projector.take(*apart.lost.events[:4], *apart.anew.events[3:], *apart.lost.events[4:])
    await projector.catching_up.once()
    await holds_exactly(documents, apart.anew)
    assert await reason(projector) is None


async def test_a_late_message_of_the_lost_history_harms_no_documents_that_are_right(
    projector: Projector, documents: Documents
) -> None:
    apart = Apart()
    apart.book(2)
    projector.feed.holds(apart.anew.events)
    await projector.take(*apart.anew.events)
    await projector.take(*apart.lost.events[4:])
    await projector.catching_up.once()
    await holds_exactly(documents, apart.anew)
    assert await reason(projector) is None
    assert projector.projecting.behind == {}


async def test_a_message_beyond_what_the_feed_has_leaves_nobody_behind_for_ever(
    projector: Projector, documents: Documents
) -> None:
    apart = Apart()
    projector.feed.holds(apart.anew.events)
    await projector.take(*apart.anew.events)
    await projector.take(apart.lost.events[5])
    await projector.catching_up.once()
    assert projector.projecting.behind == {}
    await holds_exactly(documents, apart.anew)


async def test_a_hotel_that_has_diverged_stands_still_and_the_others_go_on(
    projector: Projector, documents: Documents, apart: Apart
) -> None:
    before = await every_document(documents, "seaside")
    for _ in range(2):
        await projector.catching_up.once()
    other = History("hillside").opened()
    apart.book(9)
    await projector.take(*apart.anew.events[6:], *other.events)
    projector.projecting.leave_behind("seaside", 9)
    await projector.catching_up.once()
    assert await every_document(documents, "seaside") == before
    await holds_exactly(documents, other)


async def test_a_checkpoint_that_was_repaired_meanwhile_is_not_marked(
    projector: Projector, documents: Documents, apart: Apart
) -> None:
    missing = projector.feed.missing

    async def repaired_meanwhile(hotel_id: str, after: int, limit: int) -> object:
        await documents.put(CHECKPOINTS, {"_id": "seaside", "hotel_id": "seaside", "position": COMMON})
        return await missing(hotel_id, after, limit)

    projector.feed.missing = repaired_meanwhile  # type: ignore[assignment, method-assign]
    projector.projecting.leave_behind("seaside", 0)
    await projector.catching_up.once()
    assert await reason(projector) is None


async def test_a_checkpoint_of_an_older_release_is_believed(
    projector: Projector, documents: Documents, history: History
) -> None:
    await projector.take(*history.events[:5])
    await documents.put(CHECKPOINTS, {"_id": "seaside", "hotel_id": "seaside", "position": 5, "at": "then"})
    other = replace(history.events[4], causation_id=history.events[0].causation_id)
    projector.feed.holds([*history.events[:4], other, *history.events[5:]])
    await projector.take(*history.events[7:])
    await holds_exactly(documents, history)


async def test_a_command_that_was_accepted_anew_at_the_same_position_is_another_event(
    projector: Projector, documents: Documents, history: History
) -> None:
    await projector.take(*history.events)
    last = history.events[-1]
    later = replace(last, at=last.at.replace(year=last.at.year + 1))
    projector.feed.holds([*history.events[:-1], later])
    await projector.projecting.handle([delivery(later)])
    await projector.catching_up.once()
    assert await reason(projector) == diverging.OTHER
