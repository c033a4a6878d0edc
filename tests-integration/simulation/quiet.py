"""Whether nothing is left to do, and waiting until it is so."""

import asyncio
from typing import Final

from query_service.documents import CHECKPOINTS
from simulation.world import World

PATIENCE_SECONDS: Final = 150.0
LOOK_SECONDS: Final = 0.5


def unfinished(world: World) -> str:
    """What still has to happen; empty when all is quiet."""
    tables = world.postgres.tables
    for outbox in ("command_outbox", "event_outbox"):
        if tables[outbox]:
            return f"{outbox} holds {len(tables[outbox])}"
    for command in tables["command"]:
        if command not in tables["outcome"]:
            return f"no outcome of {command}"
    if not world.broker.empty():
        return "messages are in queues or in somebody's hands"
    checkpoints = world.store.of(CHECKPOINTS)
    for hotel, row in tables["hotel"].items():
        reached = checkpoints.get(hotel, {"position": 0})["position"]
        if reached != row["position"]:
            return f"{hotel} is projected to {reached} of {row['position']}"
    if any(session.transaction_open for session in world.postgres.sessions):
        return "a transaction is open"
    return ""


async def until_quiet(world: World) -> None:
    """Wait, and note a violation where it does not come to rest."""
    latest = world.loop.now + PATIENCE_SECONDS
    while left := unfinished(world):
        if world.loop.now > latest:
            world.trace.violate(f"does not come to rest: {left}")
            return
        await asyncio.sleep(LOOK_SECONDS)
