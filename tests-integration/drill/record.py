"""What a rehearsal looks at before the loss and after the way back, and what may not be different then."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg

from harness.world import World

HEADS: Final = "SELECT hotel_id, position FROM hotel"
EVENTS: Final = "SELECT hotel_id, message::text AS message FROM event ORDER BY hotel_id, position"
COMMANDS: Final = "SELECT id FROM command"
OUTCOMES: Final = "SELECT command_id AS id FROM outcome"
UNDECIDED: Final = """
SELECT count(*) FROM command c WHERE c.hotel_id = ANY ($1::text[])
AND NOT EXISTS (SELECT FROM outcome o WHERE o.command_id = c.id)
AND c.id NOT IN (SELECT command_id FROM command_outbox)
"""

BEING_READ: Final = """
SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'pg_dump' AND backend_xmin IS NOT NULL)
"""

Heads = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Record:
    """Every event as a digest of its bytes, by hotel and in order; the commands accepted, and those decided."""

    events: Mapping[str, list[bytes]]
    commands: frozenset[str]
    decided: frozenset[str] = frozenset()

    @property
    def count(self) -> int:
        """How many events there are."""
        return sum(map(len, self.events.values()))

    def digest(self, heads: Heads) -> str:
        """Of the events up to these positions."""
        whole = hashlib.sha256()
        for hotel, events in sorted(self.events.items()):
            for event in events[: heads.get(hotel, 0)]:
                whole.update(event)
        return whole.hexdigest()


async def heads_of(world: World) -> dict[str, int]:
    """The last position of every hotel."""
    async with world.database() as database:
        return {row["hotel_id"]: row["position"] for row in await database.fetch(HEADS)}


async def record_of(world: World) -> Record:
    """All that PostgreSQL holds now."""
    async with world.database() as database:
        events: dict[str, list[bytes]] = {}
        for row in await database.fetch(EVENTS):
            events.setdefault(row["hotel_id"], []).append(hashlib.sha256(row["message"].encode()).digest())
        commands, decided = [frozenset(str(row["id"]) for row in await database.fetch(s)) for s in (COMMANDS, OUTCOMES)]
        return Record(events, commands, decided)


async def undecided(world: World, hotels: Sequence[str]) -> int:
    """Commands of the hotels that the broker has, or had, and that have no outcome."""
    async with world.database() as database:
        return int(await database.fetchval(UNDECIDED, hotels))


async def is_being_read(superuser_url: str) -> bool:
    """Whether a backup is being taken, of a moment that is past now."""
    session = await asyncpg.connect(superuser_url)
    try:
        return bool(await session.fetchval(BEING_READ))
    finally:
        await session.close()


def wrong_in(before: Record, after: Record, began: Heads, ended: Heads) -> list[str]:
    """What the restored record says that the one before the loss did not, and what it should have had of it.

    ``began`` and ``ended`` are the positions around the moment of the backup.
    """
    found = []
    heads = {hotel: len(events) for hotel, events in after.events.items()}
    if after.digest(heads) != before.digest(heads):
        found.append("the events that came back are not those that were there")
    for hotel in sorted({*began, *heads}):
        if not began.get(hotel, 0) <= heads.get(hotel, 0) <= ended.get(hotel, 0):
            span = f"{began.get(hotel, 0)} to {ended.get(hotel, 0)}"
            found.append(f"{hotel} came back at {heads.get(hotel, 0)}, and the backup was taken at {span}")
    if strange := after.commands - before.commands:
        found.append(f"{len(strange)} commands came back that nobody sent")
    return found
