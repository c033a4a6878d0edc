"""R7: the document store dies under traffic, and comes back with older data; the documents are what the events say."""

import random
import shutil
from pathlib import Path
from typing import Final

from chaos.figure import Figure, Result
from chaos.killed import killed
from chaos.looks import Looks
from chaos.r3_projector import young
from chaos.server_kills import ServerKilling
from chaos.trial import trial
from harness.world import World

COPY: Final = "older"
KEPT: Final = {"documents.mv", "mongod"}
"""What the one or the other server keeps its data in."""


async def measure(world: World, n: int, rng: random.Random) -> list[Result]:
    """Kill the document store ``n`` times; the last of several times it gets the data that it had in the middle."""
    async with trial(world, "R7", rng) as running:
        looks = Looks(running)
        killing = ServerKilling(running, "mongodb", rng, [young], looks)
        deaths = await killing.kills(max(1, n // 2))
        if n > 1:
            await killing.once(deaths, lambda: keep_copy(world))
            while deaths.kills + 1 < n:
                await killing.once(deaths)
            await killing.once(deaths, lambda: restore_copy(world))
        violations = await running.judge() + looks.violations
        proofs = {
            "young events": deaths.in_flight,
            "pages of the feed": running.counting.total("projector", "innkeep_gap_fills_total"),
        }
    return [killed(FIGURE, deaths, violations, proofs, str(len(violations)))]


async def keep_copy(world: World) -> None:
    """Keep the data of the store, which is down, apart."""
    directory = world.servers["mongodb"].directory
    for name in KEPT & {file.name for file in directory.iterdir()}:
        _copy(directory / name, directory / f"{COPY}-{name}")


async def restore_copy(world: World) -> None:
    """Give the store, which is down, the data that was kept apart."""
    directory = world.servers["mongodb"].directory
    for copy in directory.glob(f"{COPY}-*"):
        _copy(copy, directory / copy.name.removeprefix(f"{COPY}-"))


def _copy(source: Path, target: Path) -> None:
    if target.is_dir():
        shutil.rmtree(target)
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copyfile(source, target)


FIGURE: Final = Figure("R7", "document store kill -9: documents wrong", "0", 20, 3, measure)
