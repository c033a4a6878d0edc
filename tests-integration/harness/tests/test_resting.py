"""How long the clients wait for what they were promised."""

import asyncio
import random
from types import SimpleNamespace
from typing import Any, cast

import httpx2
import pytest

from harness.history import Answered, History
from harness.load import ASKING, Load
from harness.world import World

STALL = 0.2


def accepted(commands: int) -> History:
    history = History()
    for number in range(commands):
        history.answer(f"command-{number}", Answered.OK, 202, 0.0)
    return history


def clients(history: History, client: httpx2.AsyncClient) -> Load:
    world = cast("World", SimpleNamespace(client=client, command_url="http://command"))
    return Load(world, history, [], random.Random(1))


async def answered(status: str, seconds: float) -> httpx2.Response:
    await asyncio.sleep(seconds)
    document: dict[str, Any] = {"status": status, "position": 1}
    return httpx2.Response(200, json=document)


async def test_outcomes_that_come_slowly_are_waited_for_however_many_they_are() -> None:
    history = accepted(5 * ASKING)
    transport = httpx2.MockTransport(lambda _: answered("succeeded", STALL / 2))
    async with httpx2.AsyncClient(transport=transport) as client:
        await clients(history, client).rest(STALL)
    assert len(history.told) == 5 * ASKING


async def test_an_outcome_that_never_comes_is_named() -> None:
    history = accepted(2)
    transport = httpx2.MockTransport(
        lambda request: answered("accepted" if request.url.path.endswith("-1") else "succeeded", 0.01)
    )
    async with httpx2.AsyncClient(transport=transport) as client:
        with pytest.raises(TimeoutError, match=r"1 commands have no outcome, such as \['command-1'\]"):
            await clients(history, client).rest(STALL)
