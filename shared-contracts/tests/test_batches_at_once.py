import asyncio
from collections.abc import Sequence

from harness.waiting import until
from shared_contracts.transport.consuming import Consumer, Delivery
from shared_contracts.transport.outgoing import Outgoing
from shared_contracts.transport.publishing import Publisher

BATCH = 5


class Hands:
    """Handles batches; one of the first two that are in hand together can be made to fail."""

    def __init__(self, *, fails: bool = False) -> None:
        self.in_hand = self.most_in_hand = self.most_beside_what_came_again = 0
        self.fails = fails
        self.done: list[tuple[str, int]] = []

    async def handle(self, batch: Sequence[Delivery]) -> None:
        self.in_hand += 1
        self.most_in_hand = max(self.most_in_hand, self.in_hand)
        if any(delivery.count for delivery in batch):
            self.most_beside_what_came_again = max(self.most_beside_what_came_again, self.in_hand)
        await asyncio.sleep(0)
        if self.fails and self.in_hand == 2:
            self.fails = False
            self.in_hand -= 1
            raise RuntimeError("not this time")
        self.in_hand -= 1
        self.done += [(delivery.queue, int(delivery.body)) for delivery in batch]

    def of(self, queue: str) -> list[int]:
        return [number for of, number in self.done if of == queue]


async def serve(rabbitmq_url: str, queues: list[str], hands: Hands, each: int) -> None:
    stop = asyncio.Event()
    consumer = Consumer(rabbitmq_url, "test-hands", queues, 20, BATCH, hands.handle, at_once=2)
    running = asyncio.create_task(consumer.run(stop))
    await until(lambda: all(set(hands.of(queue)) >= set(range(each)) for queue in queues))
    stop.set()
    await running


async def fill(publisher: Publisher, queues: list[str], each: int) -> None:
    numbered = [(queue, number) for number in range(each) for queue in queues]
    await publisher.publish([Outgoing("", queue, f"{queue}-{n}", "test", str(n).encode()) for queue, n in numbered])


async def test_where_much_waits_two_batches_are_worked_on_and_each_queue_keeps_its_order(
    rabbitmq_url: str, queues: list[str], publisher: Publisher
) -> None:
    hands = Hands()
    await fill(publisher, queues, 40)
    await serve(rabbitmq_url, queues, hands, 40)
    assert hands.most_in_hand == 2
    for queue in queues:
        assert hands.of(queue) == list(range(40)), "in order, and settled: none came again"


async def test_where_one_of_two_batches_fails_all_come_again_in_order(
    rabbitmq_url: str, queues: list[str], publisher: Publisher
) -> None:
    hands = Hands(fails=True)
    await fill(publisher, queues, 40)
    await serve(rabbitmq_url, queues, hands, 40)
    for queue in queues:
        assert list(dict.fromkeys(hands.of(queue))) == list(range(40))
    assert len(hands.done) == 40 * len(queues) + BATCH, "the batch that did not fail came again with the other"
    assert hands.most_beside_what_came_again == 1, "what may be deadly is handled by itself"
