"""How long the clients wait for what they were promised. Time is virtual here: no pause of the machine counts."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any, cast

import httpx2
import pytest

from harness.history import Answered, History
from harness.load import ASKING, Load
from harness.world import World
from simulation.loop import SimulatedLoop

STALL = 120.0


def accepted(commands: int) -> History:
    history = History()
    for number in range(commands):
        history.answer(f"command-{number}", Answered.OK, 202, 0.0)
    return history


def rest(history: History, answer: Callable[[httpx2.Request], Coroutine[None, None, httpx2.Response]]) -> None:
    """Let clients of an API that answers so rest, in virtual time."""
    SimulatedLoop(random.Random(1)).run_world(resting(history, answer))


async def resting(history: History, answer: Callable[[httpx2.Request], Coroutine[None, None, httpx2.Response]]) -> None:
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as client:
        world = cast("World", SimpleNamespace(client=client, command_url="http://command"))
        await Load(world, history, [], random.Random(1)).rest(STALL)


async def answered(status: str, seconds: float) -> httpx2.Response:
    await asyncio.sleep(seconds)
    document: dict[str, Any] = {"status": status, "position": 1}
    return httpx2.Response(200, json=document)


def test_outcomes_that_come_slowly_are_waited_for_however_many_they_are() -> None:
    history = accepted(5 * ASKING)
    rest(history, lambda _: answered("succeeded", STALL / 2))
    assert len(history.told) == 5 * ASKING


def test_an_outcome_that_never_comes_is_named() -> None:
    history = accepted(2)
    with pytest.raises(TimeoutError, match=r"1 commands have no outcome, such as \['command-1'\]"):
        rest(
            history,
            lambda request: answered("accepted" if request.url.path.endswith("-1") else "succeeded", STALL / 10),
        )
