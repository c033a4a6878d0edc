"""How far the documents of a hotel are: at which event, of which history. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from query_service.projections.projection import Document
from shared_contracts.envelope import EventEnvelope


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The last event that all documents of a hotel hold; position 0 where there is none.

    ``causation_id`` and ``at`` tell whether another event stands at this position now; an older release noted neither.
    ``collections`` names, by kind, those that hold the event, where it is not just the one of the kind's name. A
    checkpoint is moved only by those who have read its ``fence``.
    """

    position: int = 0
    causation_id: str = ""
    at: str = ""
    fence: int = 0
    collections: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])

    def collections_of(self, kind: str) -> Sequence[str]:
        """The collections that hold the documents of this kind up to the position."""
        return self.collections.get(kind, (kind,))

    def holds(self, envelope: EventEnvelope) -> bool:
        """Whether the event, which has the checkpoint's position, is the one that was projected."""
        if not self.causation_id:
            return True
        return (self.causation_id, self.at) == (str(envelope.causation_id), envelope.at.isoformat())


def checkpoint_in(record: Mapping[str, Any] | None) -> Checkpoint:
    """The checkpoint that a record holds, or that of a hotel without one."""
    if record is None:
        return Checkpoint()
    return Checkpoint(
        position=record["position"],
        causation_id=record.get("causation_id", ""),
        at=record.get("at", ""),
        fence=record.get("fence") or 0,
        collections=record.get("collections", {}),
    )


def record_of(last: EventEnvelope, collections: Mapping[str, Sequence[str]] | None = None, fence: int = 0) -> Document:
    """The record of a checkpoint at this event, which these collections hold."""
    record: dict[str, Any] = {
        "_id": last.hotel_id,
        "hotel_id": last.hotel_id,
        "position": last.position,
        "causation_id": str(last.causation_id),
        "at": last.at.isoformat(),
    }
    if collections:
        record["collections"] = collections
    if fence:
        record["fence"] = fence
    return record
