"""The shape of a decision: three pure things that know nothing of how they are called."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from command_service.domain.house import House, evolve
from command_service.domain.rejected import Rejected
from shared_contracts.catalog import AnyCommand, AnyEvent


@dataclass(frozen=True, slots=True)
class Issued:
    """A command with what was stamped on it at acceptance: its id, and the UTC instant."""

    id: UUID
    at: datetime
    command: AnyCommand


Decision = tuple[AnyEvent, ...] | Rejected
"""What changes (perhaps nothing), or why not."""


def fold(events: Iterable[AnyEvent], house: House | None = None) -> House:
    """The house after all the events, from ``house`` or from the very beginning."""
    house = house or House()
    for event in events:
        house = evolve(house, event)
    return house
