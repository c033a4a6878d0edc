"""Bugs in the deciding transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from command_service import ledger
from command_service.batch import Decided, Standing, decide_all
from command_service.database import DatabaseDownError
from command_service.domain.decider import fold
from command_service.ledger import Ledger
from command_service.loading import load
from command_service.writing import write
from shared_contracts.envelope import CommandEnvelope
from simulation.seams import Replacement
from simulation.statements import LOOK_OUTSIDE
from simulation.world import World

Commands = Sequence[CommandEnvelope]


def no_dedupe(world: World) -> list[Replacement]:
    """Nobody asks whether a command has an outcome, and the outcome has no key."""
    world.postgres.deduped = world.postgres.one_outcome = False
    return []


def dedupe_outside_transaction(world: World) -> list[Replacement]:
    """It is asked before the hotel is locked, and not again."""
    world.postgres.deduped = world.postgres.one_outcome = False

    async def decide(self: Ledger, commands: Commands) -> Decided:
        rows = await self.pool.fetch(LOOK_OUTSIDE, [command.id for command in commands])
        done = {row["command_id"] for row in rows}
        async with self.pool.acquire() as connection, connection.transaction():
            new = [command for command in commands if command.id not in done]
            standings, _ = await load(connection, new)
            decided = decide_all(standings, (), new)
            await write(connection, decided)
        return decided

    return [(Ledger, "decide", decide)]


def retry_commit_blindly(world: World) -> list[Replacement]:
    """A lost COMMIT is taken for one that did not happen: the batch is decided again, whatever has an outcome."""
    world.postgres.one_outcome = False

    async def decide_once(self: Ledger, commands: Commands, *, blind: bool) -> Decided:
        async with self.pool.acquire() as connection, connection.transaction():
            session: Any = connection
            session.blind = blind
            standings, done = await load(connection, commands)
            decided = decide_all(standings, done, commands)
            await write(connection, decided)
        return decided

    async def decide(self: Ledger, commands: Commands) -> Decided:
        try:
            return await decide_once(self, commands, blind=False)
        except DatabaseDownError:
            return await decide_once(self, commands, blind=True)

    return [(Ledger, "decide", decide)]


def lease_without_fencing(world: World) -> list[Replacement]:
    """A worker trusts that its queue is its own: it locks no hotel, and what it writes late is taken."""
    world.postgres.fenced = world.postgres.tripwires = world.postgres.one_outcome = False
    return []


def check_then_act_capacity(world: World) -> list[Replacement]:
    """All commands of a batch are checked against what was seen before it; then all are carried out."""
    world.postgres.tripwires = False

    def decide_on_what_was_seen(standings: Mapping[str, Standing], done: Iterable[UUID], commands: Commands) -> Decided:
        decided, seen = Decided(standings, dict(standings)), set(done)
        for command in commands:
            hotel = command.hotel_id
            now = decided.after.get(hotel)
            checked = {} if now is None else {hotel: replace(now, house=standings[hotel].house)}
            one = decide_all(checked, seen, [command])
            seen.add(command.id)
            decided.events.extend(one.events)
            decided.outcomes.extend(one.outcomes)
            if one.events:
                house = fold([event.body for event in one.events], decided.after[hotel].house)
                decided.after[hotel] = replace(one.after[hotel], house=house)
        return decided

    return [(ledger, "decide_all", decide_on_what_was_seen)]
