"""A relay that is alive and does nothing is replaced, and does no harm when it wakes up."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from harness.front_desk import FrontDesk, booking
from harness.process import Process
from harness.waiting import until

TAKE_OVER_SECONDS = 15


async def leads(desk: FrontDesk, relay: Process) -> bool:
    metrics = (await desk.client.get(f"{relay.url}/metrics")).text
    return "innkeep_relay_leading 1.0" in metrics


@pytest.fixture
async def standby(seaside: FrontDesk) -> AsyncIterator[Process]:
    relay = seaside.pair.add("relay", 2)
    relay.start()
    try:
        await relay.ready()
        yield relay
    finally:
        relay.end()


async def test_a_paused_leader_is_replaced_and_stands_by_when_it_wakes_up(seaside: FrontDesk, standby: Process) -> None:
    leader = seaside.pair["relay"]
    await until(lambda: leads(seaside, leader))
    sending = asyncio.create_task(seaside.succeed("book-room", booking(1, 2)))
    leader.pause()
    try:
        await sending  # it may have been sent before the pause
        async with asyncio.timeout(TAKE_OVER_SECONDS):
            await seaside.succeed("book-room", booking(2, 3))
        assert await leads(seaside, standby)
    finally:
        leader.resume()

    async def stands_by() -> bool:
        answer = await seaside.client.get(f"{leader.url}/health/ready")
        return answer.status_code == 200 and "relay" in answer.json()["behind"]

    await until(stands_by)
    assert await leads(seaside, standby)
    for night in range(3, 8):
        await seaside.succeed("book-room", booking(night, night + 1))
    calendar = await seaside.ask("/availability", **{"from": "2026-12-01", "to": "2026-12-09"})
    double = next(kind for kind in calendar["room_types"] if kind["code"] == "DBL")
    assert [night["sold"] for night in double["nights"]] == [1, 1, 1, 1, 1, 1, 1, 0]
    assert seaside.position == 8  # the opening and seven bookings, each once
    standby.stop()
    await until(lambda: leads(seaside, leader))
