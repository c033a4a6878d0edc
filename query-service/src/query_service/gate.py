"""The position gate: of all the events that arrived for a hotel, those that come next. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from query_service.checkpoint import Checkpoint
from shared_contracts.envelope import EventEnvelope


@dataclass(frozen=True, slots=True)
class Passed:
    """The events that follow the checkpoint without a gap, and whether there are more behind a gap."""

    events: tuple[EventEnvelope, ...]
    gap: bool


def passed(checkpoint: int, envelopes: Iterable[EventEnvelope]) -> Passed:
    """The events at ``checkpoint + 1``, ``+ 2`` …, in order and each once; older ones are dropped."""
    waiting = {envelope.position: envelope for envelope in envelopes if envelope.position > checkpoint}
    following: list[EventEnvelope] = []
    while (envelope := waiting.pop(checkpoint + len(following) + 1, None)) is not None:
        following.append(envelope)
    return Passed(tuple(following), gap=bool(waiting))


def repeated(checkpoint: int, envelopes: Iterable[EventEnvelope]) -> int:
    """How many of the events are not after the checkpoint."""
    return sum(envelope.position <= checkpoint for envelope in envelopes)


def contradicts(checkpoint: Checkpoint, envelopes: Iterable[EventEnvelope]) -> bool:
    """Whether the events of one hotel cannot all be of one history with its documents: the feed must tell which are."""
    seen: dict[int, tuple[object, object]] = {}
    for envelope in envelopes:
        this = (envelope.causation_id, envelope.at)
        if seen.setdefault(envelope.position, this) != this:
            return True
        if envelope.position == checkpoint.position and not checkpoint.holds(envelope):
            return True
    return False


def by_hotel(envelopes: Iterable[EventEnvelope]) -> dict[str, list[EventEnvelope]]:
    """The events of each hotel, as they came."""
    hotels: dict[str, list[EventEnvelope]] = {}
    for envelope in envelopes:
        hotels.setdefault(envelope.hotel_id, []).append(envelope)
    return hotels
