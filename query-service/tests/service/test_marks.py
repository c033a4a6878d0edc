"""The marks of a hotel are remembered for a short time, and asked for together."""

from collections.abc import Collection, Mapping
from typing import Any

from query_service.marks import Marks
from query_service.settings import MARK_SECONDS


async def test_marks_are_asked_for_once_in_a_while() -> None:
    asked, now = list[str](), 0.0

    class Counted:
        async def find_in(self, wanted: Mapping[str, Collection[str]]) -> dict[str, dict[str, Any]]:
            assert all(ids == ["seaside"] for ids in wanted.values())
            asked.extend(wanted)
            return {collection: {} for collection in wanted}

    marks = Marks(Counted(), clock=lambda: now)
    for seconds in (0.0, 1.0, MARK_SECONDS - 0.01):
        now = seconds
        await marks.of("seaside")
    assert asked == ["diverged_hotels", "repairs"]
    now = MARK_SECONDS
    await marks.of("seaside")
    assert len(asked) == 4
