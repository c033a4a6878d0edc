"""V2: no outcome and no event of a command that nobody sent."""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.violation import Violation, found


def check(evidence: Evidence) -> list[Violation]:
    """What came from nowhere."""
    return found("V2", len(evidence.outcomes), _from_nowhere(evidence))


def _from_nowhere(evidence: Evidence) -> Iterator[str]:
    sent = evidence.history.invokes
    for command_id in evidence.outcomes:
        if command_id not in sent:
            yield f"{command_id} has an outcome, and nobody sent it"
    for hotel, stream in evidence.streams.items():
        for event in stream:
            if str(event.envelope.causation_id) not in sent:
                yield f"{hotel} position {event.envelope.position} comes from a command that nobody sent"
