"""One seed, from the first request to the last look."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from shared_contracts.topology import commands_queue, events_queue, partition_of
from simulation import faults, limits
from simulation.checks import breaches
from simulation.desks import Desks
from simulation.loop import RestlessError
from simulation.quiet import until_quiet
from simulation.seams import Bug, Replacement, quietly, replaced, replacements
from simulation.starting import Roots
from simulation.world import KINDS, World

READ_SECONDS: Final = 1.0
SETTLE_SECONDS: Final = 4.0
LATE: Final = 6
MOVING: Final = frozenset({"projectors", "parked_messages"})
"""Collections that tell when something was last so."""
FINAL_TABLES: Final = ("hotel", "command", "outcome", "event", "reservation", "inventory", "room_span")


@dataclass(frozen=True, slots=True)
class Run:
    """What came of one seed. ``commands`` and ``events`` say how much there was to get wrong."""

    seed: int
    digest: str
    violations: tuple[str, ...]
    counts: Counter[str]
    seconds: float
    lines: list[str] = field(repr=False)

    def repeat(self, bug: str = "") -> str:
        """The command that does it again, from the root of the repository."""
        planted = f" --bug {bug}" if bug else ""
        return (
            f"PYTHONPATH=tests-integration .venv/bin/python -m simulation --seed {self.seed} --seeds 1 --trace{planted}"
        )


class Simulation:
    """Runs seeds, one after the other, in this thread."""

    def __init__(self) -> None:
        """Register what is registered once."""
        self._roots = Roots()

    def run(self, seed: int, bug: Bug | None = None) -> Run:
        """One world from its beginning to its end; with a planted bug where one is given."""
        world = World(seed)
        world.start_process = lambda kind: self._roots.start(world, kind)
        patches: list[Replacement] = [*replacements(world), *limits.drawn(world.chance)]
        if bug is not None:
            patches.extend(bug(world))
        with quietly(), replaced(patches):
            try:
                world.loop.run_world(_play(world))
            except RestlessError as error:
                world.trace.violate(str(error))
        for complaint in world.loop.complaints:
            world.trace.violate(complaint)
        counts = world.trace.counts
        counts["commands"] = len(world.postgres.tables["command"])
        counts["events"] = len(world.postgres.tables["event"])
        counts["steps"] = world.loop.steps
        return Run(seed, world.trace.digest(), tuple(world.trace.violations), counts, world.loop.now, world.trace.lines)


async def _play(world: World) -> None:
    """Work among faults, heal, come to rest, look; then duplicates come late, and nothing may change."""
    for kind in KINDS:
        for _ in range(world.wanted[kind]):
            world.start(kind)
    faults.draw_rates(world)
    desks = Desks(world)
    reader = asyncio.ensure_future(_read(world))
    working = asyncio.ensure_future(desks.run())
    await faults.haunt(world)
    faults.heal(world)
    await working
    await until_quiet(world)
    for breach in breaches(world, desks):
        world.trace.violate(breach)
    await _look_again(world, desks)
    reader.cancel()


async def _look_again(world: World, desks: Desks) -> None:
    """Messages that were delivered long ago come again, and orders are repeated: nothing changes."""
    before = _state(world)
    commands = sorted(world.postgres.tables["command"].items(), key=lambda item: int(item[1]["seq"]))
    events = sorted(world.postgres.tables["event"].items())
    for _ in range(LATE):
        key, row = world.chance.pick(commands)
        world.broker.put(commands_queue(partition_of(row["hotel_id"])), str(key), row["message"].encode())
        if events:
            (hotel, position), event = world.chance.pick(events)
            world.broker.put(events_queue(partition_of(hotel)), f"{hotel}/{position}", event["message"].encode())
        world.trace.count("late_duplicates")
    await desks.send([world.chance.pick(desks.sent)])
    await asyncio.sleep(SETTLE_SECONDS)
    await until_quiet(world)
    after = _state(world)
    for name, there in before.items():
        if after[name] != there:
            world.trace.violate(f"late duplicates have changed {name}")


def _state(world: World) -> dict[str, object]:
    tables: dict[str, object] = {name: dict(world.postgres.tables[name]) for name in FINAL_TABLES}
    kept: dict[str, object] = {name: rows for name, rows in world.store.snapshot().items() if name not in MOVING}
    return tables | kept


async def _read(world: World) -> None:
    """A reader who looks again and again never sees a document or a checkpoint go back."""
    seen: dict[tuple[str, str], int] = {}
    age = 0
    while True:
        if world.store.age != age:
            age, seen = world.store.age, {}
        for name, documents in world.store.collections.items():
            if name not in MOVING:
                for key, document in documents.items():
                    position = document.get("position", 0)
                    if position < seen.get((name, key), 0):
                        world.trace.violate(f"V8 {name} {key} went back to {position}")
                    seen[name, key] = position
        await asyncio.sleep(READ_SECONDS)
