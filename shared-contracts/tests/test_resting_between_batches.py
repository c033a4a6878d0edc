"""When a consumer rests, and for how long it asks to."""

import asyncio
from collections.abc import Sequence

import pytest

from harness.waiting import until
from shared_contracts.transport import consuming
from shared_contracts.transport.consuming import Consumer, Delivery, wait_for
from shared_contracts.transport.outgoing import Outgoing
from shared_contracts.transport.publishing import Publisher


@pytest.mark.parametrize(("prefetch", "batch"), [(20, 7), (7, 20)])
async def test_it_rests_after_a_batch_that_was_not_full_and_goes_on_at_once_after_a_full_one(
    rabbitmq_url: str,
    queues: list[str],
    publisher: Publisher,
    monkeypatch: pytest.MonkeyPatch,
    prefetch: int,
    batch: int,
) -> None:
    """One that holds all that may be unsettled of the only busy queue is full as well."""
    batches: list[int] = []
    asked: list[tuple[float, int, int]] = []
    rests: list[tuple[int, float]] = []

    async def handle(deliveries: Sequence[Delivery]) -> None:
        if not batches:
            await publisher.publish([Outgoing("", queues[0], f"{n}", "test", b"1") for n in range(1, 10)])
            await asyncio.sleep(0.5)
        batches.append(len(deliveries))

    def rest(waited: float, size: int, full: int) -> float:
        asked.append((waited, size, full))
        return 0.3 if size < full else 0.0

    async def noted(event: asyncio.Event, seconds: float) -> bool:
        rests.append((len(batches), seconds))
        return await wait_for(event, seconds)

    monkeypatch.setattr(consuming, "rest_seconds", rest)
    monkeypatch.setattr(consuming, "wait_for", noted)
    monkeypatch.setattr(consuming, "waited_for_a_core", asyncio.get_running_loop().time)  # as if no core had been free
    stop = asyncio.Event()
    consumer = Consumer(rabbitmq_url, "test-rest", queues, prefetch, batch, handle)
    running = asyncio.create_task(consumer.run(stop))
    await until(lambda: consumer.connected)
    await publisher.publish([Outgoing("", queues[0], "0", "test", b"0")])
    await until(lambda: sum(batches) == 10)
    stop.set()
    await running
    last = len(batches) - 1
    assert rests[:last] == [(number, 0.3 if size < 7 else 0.0) for number, size in enumerate(batches[:-1], 1)]
    assert 7 in batches, "there was a full one"
    assert asked[0][0] >= 0.5
    assert [(size, full) for _, size, full in asked[:last]] == [(size, 7) for size in batches[:-1]]
