from typing import Any

from shared_contracts.transport.deliveries import Deliveries
from shared_contracts.transport.inbox import Delivery, Inbox


def inbox_of(arrived: str) -> Inbox:
    """``a1 b1`` is the first delivery of queue a, and then the first of queue b."""
    nobody: Any = None
    inbox = Inbox(nobody, Deliveries(), prefetch=20)
    arrive(inbox, arrived)
    return inbox


def arrive(inbox: Inbox, arrived: str) -> None:
    for name in arrived.split():
        inbox.put(Delivery(queue=name[0], body=name.encode(), tag=int(name[1:])))


def taken(inbox: Inbox, most: int, batches: int = 1) -> list[str]:
    return [" ".join(delivery.body.decode() for delivery in batch) for batch in inbox.take(most, batches)]


def test_a_queue_is_taken_in_its_order_before_the_next_in_turn() -> None:
    inbox = inbox_of("a1 b1 a2 b2 c1")
    assert taken(inbox, 10) == ["a1 a2 b1 b2 c1"]
    assert taken(inbox, 10) == []


def test_a_batch_has_no_more_than_it_may_and_the_rest_stays_in_order() -> None:
    inbox = inbox_of("a1 a2 a3")
    assert taken(inbox, 2) == ["a1 a2"]
    assert taken(inbox, 2) == ["a3"]


def test_a_queue_that_much_comes_of_waits_for_its_turn() -> None:
    inbox = inbox_of("a1 a2 a3 b1 c1")
    assert taken(inbox, 2) == ["a1 a2"]
    arrive(inbox, "a4")
    assert taken(inbox, 2) == ["b1 c1"]
    assert taken(inbox, 2) == ["a3 a4"]


def test_a_queue_that_was_taken_whole_comes_after_those_that_still_wait() -> None:
    inbox = inbox_of("a1 b1 b2 c1")
    assert taken(inbox, 2) == ["a1 b1"]
    arrive(inbox, "a2")
    assert taken(inbox, 4) == ["c1 b2 a2"]


def test_batches_have_no_queue_in_common() -> None:
    inbox = inbox_of("a1 a2 a3 b1 b2 c1")
    assert taken(inbox, 2, batches=2) == ["a1 a2", "b1 b2"]
    assert taken(inbox, 2, batches=2) == ["c1 a3"]


def test_a_second_batch_is_taken_only_where_it_is_full() -> None:
    inbox = inbox_of("a1 a2 a3 b1")
    assert taken(inbox, 2, batches=2) == ["a1 a2"]
    arrive(inbox, "b2")
    assert taken(inbox, 1, batches=3) == ["b1", "a3"]


def test_no_more_batches_are_taken_than_asked_for() -> None:
    assert taken(inbox_of("a1 b1 c1"), 1, batches=2) == ["a1", "b1"]
