"""R25: what older releases stored still folds, and their processes work beside those of today.

Under load one process after the other is replaced by its older self, in the order in which a release is rolled back,
and then by itself again, in the same order: so whoever writes meets older and newer readers, and the other way round.
Rolling out goes through the mixes of the first half. Old processes meet the schema of today; the reverse is no promise.
"""

import asyncio
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import httpx2

from chaos.figure import Figure, Result
from chaos.killed import SHOWN
from chaos.trial import Trial, trial
from harness.waiting import until
from harness.world import World
from versions.folder import versions
from versions.folds import differences
from versions.older import older_commit, take

BACK: Final = ("command-api", "worker", "relay", "projector", "query-api")
"""The order of a roll-back: who writes messages goes back before who reads them."""
STAGE_COMMANDS: Final = 20
STAGE_SECONDS: Final = 60.0
DECIDED: Final = "SELECT count(*) FROM outcome WHERE hotel_id = ANY ($1::text[])"
HEADS: Final = "SELECT hotel_id, position FROM hotel WHERE hotel_id = ANY ($1::text[])"


@dataclass(frozen=True, slots=True)
class Mixing:
    """A trial in which processes are replaced; ``code`` is what makes a process an older one."""

    trial: Trial
    code: Mapping[str, str]

    async def replace(self, role: str, *, older: bool) -> None:
        """Stop a process in order, and start it as the older or the newer one; returns once it is ready."""
        world = self.trial.world
        world[role].stop()
        world[role].environment = {**world.environment_of(role), **(self.code if older else {})}
        world[role].start()
        await world[role].ready()

    async def goes_on(self) -> None:
        """Return once commands sent from now on are decided and can be read; ``TimeoutError`` where they never are."""
        world, hotels = self.trial.world, self.trial.hotels
        async with world.database() as database:
            before = await database.fetchval(DECIDED, hotels)

            async def decided() -> bool:
                return bool(await database.fetchval(DECIDED, hotels) >= before + STAGE_COMMANDS)

            await until(decided, STAGE_SECONDS)
            heads = await database.fetch(HEADS, hotels)
        await asyncio.gather(*(until(partial(shows, world, *row), STAGE_SECONDS) for row in heads))


async def shows(world: World, hotel: str, position: int) -> bool:
    """Whether the query API answers with that position or a later one."""
    url = f"{world.query_url}/v1/hotels/{hotel}"
    try:
        return (await world.client.get(url, params={"min_position": position})).status_code == 200
    except httpx2.HTTPError:
        return False


async def measure(world: World, n: int, rng: random.Random) -> list[Result]:
    """Fold all streams, and go back and forth ``n`` times."""
    return [streams(), *await mixes(world, n, rng)]


def streams() -> Result:
    """The streams of every release."""
    count = sum(len(version.streams) for version in versions())
    wrong = [difference for version in versions() for difference in differences(version)]
    value = "100 %" if not wrong else f"{len(wrong)} folds differ"
    return Result("R25 streams", count, value, "100 %", not wrong and count > 0, "; ".join(wrong[:SHOWN]))


async def mixes(world: World, n: int, rng: random.Random) -> list[Result]:
    """Every mix of old and new processes on the way; nothing where git cannot tell what was."""
    commit = older_commit()
    if commit is None:
        world.tell("R25: no older code here, so nothing is said about processes side by side")
        return []
    code = await asyncio.to_thread(take, commit, world.pair.directory.parent / f"older-{rng.getrandbits(32):08x}")
    started = time.monotonic()
    async with trial(world, "R25", rng) as running:
        mixing = Mixing(running, code)
        try:
            for older in (True, False) * n:
                for role in BACK:
                    await mixing.replace(role, older=older)
                    who = f"the {'older' if older else 'newer'} {role}"
                    try:
                        await mixing.goes_on()
                    except TimeoutError:
                        raise TimeoutError(f"work does not go on with {who}") from None
                    world.tell(f"  goes on with {who}")
            violations = await running.judge()
        finally:
            await _all_new(mixing)
    notes = [f"older is {commit[:7]}, {time.monotonic() - started:.0f} s", *map(str, violations[:SHOWN])]
    value, target = f"all, {len(violations)} violations", "all, 0 violations"
    return [Result("R25 mixes", 2 * n * len(BACK), value, target, not violations, "; ".join(notes))]


async def _all_new(mixing: Mixing) -> None:
    """Leave no older process behind, also where something went wrong."""
    for role in BACK:
        if "PYTHONPATH" in mixing.trial.world[role].environment:
            await mixing.replace(role, older=False)


FIGURE: Final = Figure("R25", "stored streams fold; old and new processes side by side", "100 %", 1, None, measure)
