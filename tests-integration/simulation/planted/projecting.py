"""Bugs in how events become documents."""

from collections.abc import Iterable

from query_service import projecting
from query_service.gate import Passed
from shared_contracts.envelope import EventEnvelope
from simulation.seams import Replacement
from simulation.world import World


def no_position_gate(_: World) -> list[Replacement]:
    """Events are applied as they come: again, or before those that they follow."""

    def passed(_: int, envelopes: Iterable[EventEnvelope]) -> Passed:
        return Passed(tuple(envelopes), gap=False)

    return [(projecting, "passed", passed)]
