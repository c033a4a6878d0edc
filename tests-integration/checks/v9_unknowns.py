"""V9: what ended unknown was resolved by sending it again, and the answer is what the log says."""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.violation import Violation, found
from harness.history import Answered


def check(evidence: Evidence) -> list[Violation]:
    """Unknown commands without an answer in the end, and those that were refused and took effect all the same."""
    unknown = evidence.history.unknown()
    return found("V9", len(unknown), _unresolved(evidence, unknown))


def _unresolved(evidence: Evidence, unknown: set[str]) -> Iterator[str]:
    for command_id in sorted(unknown):
        last = evidence.history.answers[command_id][-1]
        outcome = evidence.outcomes.get(command_id)
        if last.result is Answered.UNKNOWN:
            yield f"{command_id} is still unknown"
        elif last.result is Answered.REFUSED and (outcome is not None or command_id in evidence.commands):
            yield f"{command_id} was refused with {last.status} and is on record: {outcome}"
        elif last.result is Answered.OK and (outcome is None or command_id not in evidence.history.told):
            yield f"{command_id} was acknowledged when sent again, and has no outcome"
