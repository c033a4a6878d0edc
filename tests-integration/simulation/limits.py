"""Limits at their edges: some seeds make batches of one, queues that are full at once, pages of two.

What waits between two looks is stretched in all seeds, so that quiet seconds cost few steps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from command_service import acceptance, deciding, lost, relay, sending
from query_service import catching_up, projecting
from shared_contracts.transport import sharing
from simulation.chance import Chance


@dataclass(frozen=True, slots=True)
class Limit:
    """A name in a module, the value of all worlds, and values that a world may have instead."""

    module: Any
    name: str
    usual: Any
    edges: Sequence[Any] = ()


LIMITS: Final = (
    Limit(sending, "RELAY_BATCH", 500, (1, 2, 3)),
    Limit(sending, "RELAY_BUSY_SECONDS", 0.05),
    Limit(sending, "RELAY_IDLE_SECONDS", 2.0, (0.2,)),
    Limit(sending, "RELAY_CHECK_SECONDS", 6),
    Limit(sending, "PUBLISH_SECONDS", 2.0, (0.02, 0.5)),
    Limit(sending, "RELAY_PROBE_SECONDS", 1.0, (0.02,)),
    Limit(lost, "AFTER", timedelta(seconds=16)),  # longer than a command that has been stamped waits for its COMMIT
    Limit(lost, "SPAN", timedelta(seconds=300), (timedelta(seconds=5),)),
    Limit(lost, "LOST_BATCH", 5_000, (1, 2)),
    Limit(relay, "LOST_LOOK_SECONDS", 3.0),
    Limit(acceptance, "ACCEPT_BATCH_COMMANDS", 1_000, (1, 2)),
    Limit(acceptance, "ACCEPT_QUEUE_COMMANDS", 5_000, (3,)),
    Limit(acceptance, "KNOWN_HOTELS", 50_000, (0,)),
    Limit(acceptance, "ACCEPT_SECONDS", 10, (0.1, 1)),
    Limit(deciding, "SUSPECT_DELIVERIES", 2, (1, 3)),
    Limit(projecting, "MAX_GAP_EVENTS", 500, (1, 2)),
    Limit(projecting, "MAX_GAP_HOTELS", 4, (0, 1)),
    Limit(projecting, "FEED_PAGE", 500, (1, 3)),
    Limit(catching_up, "POSITIONS_PAGE", 500, (1,)),
    Limit(sharing, "BEAT_SECONDS", 2.0, (1.0,)),
)
EDGE: Final = 0.25


def drawn(chance: Chance) -> list[tuple[object, str, Any]]:
    """The limits of one world; ``ValueError`` where the real code has no such limit any more."""
    found: list[tuple[object, str, Any]] = []
    for limit in LIMITS:
        if not hasattr(limit.module, limit.name):
            raise ValueError(f"{limit.module.__name__} has no {limit.name}: say in simulation/limits.py what it is now")
        at_edge = bool(limit.edges) and chance.happens(EDGE)
        found.append((limit.module, limit.name, chance.pick(limit.edges) if at_edge else limit.usual))
    return found
