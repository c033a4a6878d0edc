"""What runs together ends together, however one part of it ends."""

import asyncio

import pytest

from command_service.relay import together


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
