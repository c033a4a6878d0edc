"""The checks have teeth: each bug that others have made turns a run red, soon."""

import pytest

from simulation.figures import SEEDS_A_BUG, caught
from simulation.planted.catalog import BUGS


def test_there_are_the_twelve() -> None:
    assert len(BUGS) == 12


@pytest.mark.parametrize("bug", list(BUGS))
def test_a_planted_bug_is_caught(bug: str) -> None:
    found = caught(bug, range(SEEDS_A_BUG))
    assert found.violation is not None, f"{bug}: {found.seeds} seeds, and none of them red"
