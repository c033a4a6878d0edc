import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from harness.gate import gate_to
from harness.members import InMemory
from harness.waiting import until
from shared_contracts.transport import consuming
from shared_contracts.transport.amqp import HEARTBEAT_SECONDS, connect
from shared_contracts.transport.consuming import Consumer, Delivery
from shared_contracts.transport.inbox import Inbox
from shared_contracts.transport.outgoing import Outgoing
from shared_contracts.transport.publishing import Publisher
from shared_contracts.transport.sharing import Sharing
from shared_contracts.transport.sharing_metrics import watch_shares


@dataclass(slots=True)
class Serving:
    """A consumer, and what it has got of each queue since it was last asked."""

    url: str
    queues: list[str]
    members: InMemory
    everything: list[tuple[str, str, bytes]]
    name: str = field(default_factory=lambda: uuid4().hex[:6])
    prefetch: int = 20
    pause: float = 0.0
    looks: bool = True
    consumer: Consumer = field(init=False)
    sharing: Sharing = field(init=False)

    def __post_init__(self) -> None:
        self.sharing = Sharing(self.members, self.queues)
        self.consumer = Consumer(
            self.url, f"test-{self.name}", self.queues, self.prefetch, 7, self.handle, self.sharing
        )

    async def handle(self, batch: Sequence[Delivery]) -> None:
        await asyncio.sleep(self.pause)
        self.everything.extend((self.name, delivery.queue, delivery.body) for delivery in batch)

    def loops(self) -> list[Callable[[asyncio.Event], Coroutine[None, None, None]]]:
        return [self.consumer.run, self.sharing.run] if self.looks else [self.consumer.run]

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Serving"]:
        stop = asyncio.Event()
        loops = [asyncio.create_task(loop(stop)) for loop in self.loops()]
        try:
            await until(lambda: self.consumer.connected)
            yield self
        finally:
            stop.set()
            await asyncio.gather(*loops)


@dataclass(slots=True)
class Traffic:
    """Numbers sent to every queue, until it is told to stop."""

    publisher: Publisher
    queues: list[str]
    sent: int = 0

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            messages = [
                Outgoing("", queue, f"{queue}-{self.sent + step}", "test", str(self.sent + step).encode())
                for step in range(5)
                for queue in self.queues
            ]
            await self.publisher.publish(messages)
            self.sent += 5


@asynccontextmanager
async def traffic(publisher: Publisher, queues: list[str]) -> AsyncIterator[Traffic]:
    stop, running = asyncio.Event(), Traffic(publisher, queues)
    task = asyncio.create_task(running.run(stop))
    yield running
    stop.set()
    await task


def first_copies(everything: list[tuple[str, str, bytes]], queue: str) -> list[int]:
    """The numbers of a queue in the order in which each was first handled, by whomever."""
    return list(dict.fromkeys(int(body) for _, of, body in everything if of == queue))


async def test_processes_that_join_and_leave_share_the_queues_and_keep_each_in_order(
    rabbitmq_url: str, queues: list[str], publisher: Publisher
) -> None:
    members, everything = InMemory(), list[tuple[str, str, bytes]]()

    def served_by(*serving: Serving) -> list[int]:
        latest = {queue: name for name, queue, _ in everything[-400:]}
        return [sum(name == one.name for name in latest.values()) for one in serving]

    first, second, third = (Serving(rabbitmq_url, queues, members, everything) for _ in range(3))
    async with traffic(publisher, queues) as sending, first.running():
        await until(lambda: served_by(first) == [4])
        async with second.running():
            await until(lambda: served_by(first, second) == [2, 2], 30)
            async with third.running():
                await until(lambda: sorted(served_by(first, second, third)) == [1, 1, 2], 30)
        await until(lambda: served_by(first) == [4], 30)
    async with first.running():
        await until(lambda: all(len(first_copies(everything, queue)) == sending.sent for queue in queues))
    for queue in queues:
        assert first_copies(everything, queue) == list(range(sending.sent))


async def test_a_backlog_that_changes_hands_again_and_again_stays_in_order(
    rabbitmq_url: str, queues: list[str], publisher: Publisher
) -> None:
    members, everything = InMemory(), list[tuple[str, str, bytes]]()
    both = [Serving(rabbitmq_url, queues, members, everything, pause=0.005, looks=False) for _ in range(2)]
    messages = [Outgoing("", queue, f"{queue}-{n}", "test", str(n).encode()) for n in range(1_500) for queue in queues]
    await publisher.publish(messages)
    async with both[0].running(), both[1].running():
        for turn in range(12):
            owner, done = both[turn % 2], len(everything)
            for one in both:
                one.sharing._owners = dict.fromkeys(queues, owner.sharing.member)
                one.sharing.looked.set()
            served = {(owner.name, queue) for queue in queues}
            await until(lambda: served <= {(name, queue) for name, queue, _ in everything[done:]})  # noqa: B023
        assert all(len(first_copies(everything, queue)) < 1_500 for queue in queues), "it changed hands to the end"
        await until(lambda: all(len(first_copies(everything, queue)) == 1_500 for queue in queues), 60)
    for queue in queues:
        assert first_copies(everything, queue) == list(range(1_500))
        assert [int(body) for _, of, body in everything if of == queue] == list(range(1_500)), "each was handled once"
        hands = [name for name, of, _ in everything if of == queue]
        assert sum(one != other for one, other in itertools.pairwise(hands)) >= 10
    assert both[0].consumer.redelivered + both[1].consumer.redelivered > 0


async def test_what_no_live_process_is_to_serve_is_served_all_the_same(
    rabbitmq_url: str, queues: list[str], publisher: Publisher
) -> None:
    members = InMemory({"dead": 1})
    serving = Serving(rabbitmq_url, queues, members, [])
    serving.sharing.clock = lambda: 0.0  # so that the dead one is never found to be silent
    async with serving.running():
        await until(lambda: len(serving.sharing.live) == 2)
        assert len(serving.sharing.owned()) == 2
        await publisher.publish([Outgoing("", queue, queue, "test", b"1") for queue in queues])
        await until(lambda: {queue for _, queue, _ in serving.everything} == set(queues))


async def test_a_queue_that_is_deleted_ends_the_connection_and_the_others_are_consumed_once_it_is_back(
    rabbitmq_url: str, queues: list[str], arguments: dict[str, Any], publisher: Publisher
) -> None:
    serving = Serving(rabbitmq_url, queues, InMemory(), [])
    async with serving.running(), await connect(rabbitmq_url, "test") as connection:
        channel = await connection.channel()
        await channel.queue_delete(queues[0])
        await until(lambda: not serving.consumer.connected)
        assert not serving.sharing.present
        await channel.declare_queue(queues[0], durable=True, arguments=arguments)
        await until(lambda: serving.consumer.connected)
        await publisher.publish([Outgoing("", queue, queue, "test", b"1") for queue in queues])
        await until(lambda: {queue for _, queue, _ in serving.everything} == set(queues))


async def test_the_broker_gives_a_silent_process_up_and_the_next_in_line_goes_on(
    rabbitmq_url: str, queues: list[str], publisher: Publisher
) -> None:
    everything = list[tuple[str, str, bytes]]()
    async with gate_to(rabbitmq_url) as gate:
        silent = Serving(gate.url, queues, InMemory(), everything)
        async with silent.running():
            async with Serving(rabbitmq_url, queues, InMemory(), everything).running():
                gate.freeze()
                await publisher.publish([Outgoing("", queues[0], "1", "test", b"1")])
                await until(lambda: bool(everything), 10 * HEARTBEAT_SECONDS)
                assert everything[0][0] != silent.name
            gate.thaw()


async def test_metrics_tell_the_share(rabbitmq_url: str, queues: list[str], publisher: Publisher) -> None:
    serving, registry = Serving(rabbitmq_url, queues, InMemory(), []), CollectorRegistry()
    watch_shares(registry, serving.consumer, serving.sharing)
    async with serving.running():
        await publisher.publish([Outgoing("", queues[1], "1", "test", b"1")])
        await until(lambda: bool(serving.everything) and len(serving.sharing.owned()) == 4)
        text = generate_latest(registry).decode()
    assert "innkeep_members_live 1.0" in text
    assert f'innkeep_queue_owned{{queue="{queues[0]}"}} 1.0' in text
    assert f'innkeep_queue_taken_total{{queue="{queues[1]}"}} 1.0' in text


async def test_a_process_whose_queues_do_not_exist_says_that_it_is_not_connected(rabbitmq_url: str) -> None:
    serving = Serving(rabbitmq_url, ["no-such-queue"], InMemory(), [])
    stop = asyncio.Event()
    task = asyncio.create_task(serving.consumer.run(stop))
    with pytest.raises(TimeoutError):
        await until(lambda: serving.consumer.connected, 1.5)
    stop.set()
    await task


async def test_a_queue_about_which_the_broker_never_answers_is_asked_for_again(
    rabbitmq_url: str, queues: list[str], publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consuming, "JOIN_SECONDS", 0.3)
    join, silent = Inbox.join, iter([True])

    async def joined(inbox: Inbox, queue: str, owner: str | None) -> None:
        if next(silent, False):
            await asyncio.Event().wait()
        await join(inbox, queue, owner)

    monkeypatch.setattr(Inbox, "join", joined)
    serving = Serving(rabbitmq_url, queues, InMemory(), [])
    async with serving.running():
        await publisher.publish([Outgoing("", queues[0], "1", "test", b"1")])
        await until(lambda: bool(serving.everything))


async def test_a_connection_that_the_library_gives_up_is_opened_again(
    rabbitmq_url: str, queues: list[str], publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    join, given_up = Inbox.join, iter([True])

    async def joined(inbox: Inbox, queue: str, owner: str | None) -> None:
        if next(given_up, False):
            raise asyncio.CancelledError
        await join(inbox, queue, owner)

    monkeypatch.setattr(Inbox, "join", joined)
    serving = Serving(rabbitmq_url, queues, InMemory(), [])
    async with serving.running():
        await publisher.publish([Outgoing("", queues[0], "1", "test", b"1")])
        await until(lambda: bool(serving.everything))
