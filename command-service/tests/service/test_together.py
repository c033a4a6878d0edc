"""What runs together ends together, however one part of it ends."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg
import pytest

from command_service.relay import beside, together


async def test_a_part_that_raises_ends_the_others_and_is_raised() -> None:
    ended = asyncio.Event()

    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def raises() -> None:
        await asyncio.sleep(0)
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        await asyncio.wait_for(together(waits(), raises()), 5)
    assert ended.is_set()


async def test_a_part_that_ends_as_cancelled_by_nobody_is_an_error_and_not_silence() -> None:
    async def gives_up() -> None:
        raise asyncio.CancelledError

    with pytest.raises(RuntimeError, match="cancelled by nobody"):
        await asyncio.wait_for(together(asyncio.sleep(60), gives_up()), 5)


async def test_parts_that_end_one_by_one_are_all_waited_for() -> None:
    seen: list[int] = []

    async def counts(number: int) -> None:
        await asyncio.sleep(0.01 * number)
        seen.append(number)

    await together(counts(2), counts(1), counts(0))
    assert seen == [0, 1, 2]


async def test_a_part_that_does_not_end_when_it_is_cancelled_is_an_error_and_not_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("command_service.relay.PART_ENDS_SECONDS", 0.1)
    released = asyncio.Event()

    async def goes_on() -> None:
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                continue

    async def raises() -> None:
        await asyncio.sleep(0)
        raise OSError("gone")

    with pytest.raises(RuntimeError, match="did not end when cancelled"):
        await asyncio.wait_for(together(goes_on(), raises()), 5)
    released.set()


@dataclass
class LosesItsSession:
    """An aside in the middle of a transaction; the driver tells of the lost session instead of the cancellation."""

    runs: int = 0
    left: bool = False

    async def run(self) -> None:
        self.runs += 1
        try:
            await asyncio.Event().wait()
        finally:
            raise asyncpg.InterfaceError("the underlying connection is closed")

    def forget(self) -> None:
        self.left = True

    def behind(self) -> Mapping[str, str]:
        return {}


async def test_an_aside_whose_cancellation_ends_as_another_fault_ends_all_the_same() -> None:
    aside = LosesItsSession()

    async def raises() -> None:
        await asyncio.sleep(0.05)
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        await asyncio.wait_for(together(raises(), beside(aside, asyncio.Event())), 5)
    assert (aside.runs, aside.left) == (1, True)


async def test_an_aside_is_run_again_after_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("command_service.relay.ASIDE_RETRY_SECONDS", 0.01)
    stop = asyncio.Event()

    @dataclass
    class Fails(LosesItsSession):
        async def run(self) -> None:
            self.runs += 1
            if self.runs == 3:
                stop.set()
            raise OSError("no")

    aside = Fails()
    await asyncio.wait_for(beside(aside, stop), 5)
    assert (aside.runs, aside.left) == (3, True)
