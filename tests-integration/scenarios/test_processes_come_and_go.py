"""Any of our processes may die, or be told to stop, and nothing is lost and nothing happens twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import aio_pika
import httpx2
import pytest

from harness.front_desk import FrontDesk, booking
from harness.pair import ROLES, Pair
from harness.waiting import until
from shared_contracts.topology import commands_queue, events_queue, partition_of

SETTLE_SECONDS = 60


async def bookings(desk: FrontDesk, count: int) -> list[str]:
    """Send bookings one by one through whatever happens, each until it is accepted; their ids."""
    sent = []
    url = f"{desk.pair['command-api'].url}/v1/hotels/{desk.hotel_id}/commands/book-room"
    for number in range(count):
        command_id, body = str(uuid4()), booking(2 + number % 20, 3 + number % 20)

        async def accepted(command_id: str = command_id, body: dict[str, object] = body) -> bool:
            try:
                answer = await desk.client.post(url, json=body, headers={"Idempotency-Key": command_id})
            except httpx2.HTTPError:
                return False
            return answer.status_code == 202

        await until(accepted, SETTLE_SECONDS)
        sent.append(command_id)
    return sent


async def settled(desk: FrontDesk, sent: list[str]) -> list[str]:
    """Wait for every outcome; the statuses."""
    statuses = []
    for command_id in sent:
        url = f"{desk.pair['command-api'].url}/v1/commands/{command_id}"
        async with asyncio.timeout(SETTLE_SECONDS):
            while True:
                outcome = (await desk.client.get(url, headers={"Prefer": "wait=10"})).json()
                if outcome["status"] != "accepted":
                    break
        desk.position = max(desk.position, outcome["position"])
        statuses.append(outcome["status"])
    return statuses


async def documents_agree(desk: FrontDesk, sold: int) -> None:
    """The calendar shows as many nights sold as commands have succeeded, and the stream has no gap."""

    async def shown() -> bool:
        parameters = {"from": "2026-12-01", "to": "2027-01-01", "min_position": str(desk.position)}
        answer = await desk.client.get(desk.url("/availability"), params=parameters)
        if answer.status_code != 200:
            return False
        nights = [night for kind in answer.json()["room_types"] for night in kind["nights"]]
        return bool(sum(night["sold"] for night in nights) == sold)

    await until(shown, SETTLE_SECONDS)
    feed = f"{desk.pair['command-api'].url}/v1/hotels/{desk.hotel_id}/events?limit=1000"
    events = (await desk.client.get(feed)).json()["events"]
    assert [event["position"] for event in events] == list(range(1, len(events) + 1))
    assert sum(event["type"] == "RoomBooked" for event in events) == sold


@pytest.mark.parametrize("role", ROLES)
async def test_a_process_that_is_killed_and_started_again_loses_nothing(seaside: FrontDesk, role: str) -> None:
    sending = asyncio.create_task(bookings(seaside, 60))
    for _ in range(3):
        await asyncio.sleep(0.1)  # the next death comes while the next bookings are on their way
        seaside.pair[role].kill()
        seaside.pair[role].start()
        await seaside.pair[role].ready()
    statuses = await settled(seaside, await sending)
    assert set(statuses) <= {"succeeded", "rejected"}
    assert statuses.count("succeeded") == 40  # two rooms on each of twenty nights
    await documents_agree(seaside, 40)


@asynccontextmanager
async def a_second(pair: Pair, role: str) -> AsyncIterator[None]:
    process = pair.add(role, 2)
    process.start()
    try:
        await process.ready()
        yield
    finally:
        process.end()


@pytest.mark.parametrize("role", ["relay", "worker", "projector"])
async def test_the_second_takes_over_when_the_first_dies(seaside: FrontDesk, role: str) -> None:
    async with a_second(seaside.pair, role):
        seaside.pair[role].kill()
        try:
            statuses = await settled(seaside, await bookings(seaside, 20))
            assert statuses == ["succeeded"] * 20
            await documents_agree(seaside, 20)
        finally:
            seaside.pair[role].start()
            await seaside.pair[role].ready()


@pytest.mark.parametrize("role", ROLES)
async def test_a_process_told_to_stop_finishes_its_batch_and_exits_in_time(seaside: FrontDesk, role: str) -> None:
    sending = asyncio.create_task(bookings(seaside, 30))
    await asyncio.sleep(0.1)  # so that it has something in hand
    assert seaside.pair[role].stop() == 0
    seaside.pair[role].start()
    await seaside.pair[role].ready()
    statuses = await settled(seaside, await sending)
    assert statuses.count("succeeded") == 30
    await documents_agree(seaside, 30)


async def test_what_is_no_message_is_parked_and_the_next_one_handled(seaside: FrontDesk, rabbitmq_url: str) -> None:
    partition = partition_of(seaside.hotel_id)
    async with await aio_pika.connect(rabbitmq_url) as connection:
        channel = await connection.channel()
        for queue in (commands_queue(partition), events_queue(partition)):
            for junk in (b"", b"\xff\x00", b'{"type":"book-room"}', b"[" * 10_000):
                await channel.default_exchange.publish(aio_pika.Message(junk), routing_key=queue)
    statuses = await settled(seaside, await bookings(seaside, 3))
    assert statuses == ["succeeded"] * 3
    await documents_agree(seaside, 3)
    for role in ("worker", "projector"):
        metrics = (await seaside.client.get(f"{seaside.pair[role].url}/metrics")).text
        assert any("parked" in line and not line.endswith(" 0.0") for line in metrics.splitlines() if line[0] != "#")


async def test_events_that_the_broker_lost_are_fetched_from_the_feed(seaside: FrontDesk, rabbitmq_url: str) -> None:
    seaside.pair["projector"].kill()
    await settled(seaside, await bookings(seaside, 10))
    async with await aio_pika.connect(rabbitmq_url) as connection:
        channel = await connection.channel()
        name = events_queue(partition_of(seaside.hotel_id))

        async def all_there() -> bool:
            queue = await channel.declare_queue(name, passive=True)
            return (queue.declaration_result.message_count or 0) >= 10  # the bookings; the opening may be done with

        await until(all_there)
        await (await channel.get_queue(name)).purge()
    seaside.pair["projector"].start()
    await seaside.pair["projector"].ready()
    await settled(seaside, await bookings(seaside, 1))
    await documents_agree(seaside, 11)
