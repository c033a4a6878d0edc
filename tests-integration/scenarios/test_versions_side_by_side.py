"""A rolling upgrade and a roll-back: processes of the last release beside those of this code, on the same servers."""

import pytest

from chaos import r25_versions
from chaos.trial import dice
from harness.world import running_world
from versions.older import older_commit


@pytest.mark.skipif(older_commit() is None, reason="git's history is not here, so there is no older code to run")
async def test_old_and_new_processes_work_side_by_side_and_nothing_is_lost() -> None:
    async with running_world(print) as world:
        [result] = await r25_versions.mixes(world, 1, dice(1, "R25"))
    print(result)
    assert result.n == 2 * len(world.pair.processes)
    assert result.met, result
