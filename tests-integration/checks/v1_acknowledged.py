"""V1: every acknowledged command has one outcome, the one that every client was told, and it is no ``failed``."""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.violation import Violation, found


def check(evidence: Evidence) -> list[Violation]:
    """Those whose acknowledgement was not kept."""
    acknowledged = evidence.history.acknowledged()
    return found("V1", len(acknowledged), _broken(evidence, acknowledged))


def lost_and_mended(evidence: Evidence) -> list[Violation]:
    """Commands that were lost on their way and sent again, where no server lost any."""
    again = evidence.sent_again
    return found("V1", len(evidence.outcomes), [f"{again} commands were lost, and sent again"] if again else [])


def _broken(evidence: Evidence, acknowledged: set[str]) -> Iterator[str]:
    excused = set(evidence.planted.commands)
    for command_id in sorted(acknowledged):
        outcome = evidence.outcomes.get(command_id)
        if command_id not in evidence.commands:
            yield f"{command_id} was acknowledged and is not stored"
        elif outcome is None:
            yield f"{command_id} was acknowledged and has no outcome"
        elif outcome.status == "failed" and command_id not in excused:
            yield f"{command_id} failed: {outcome.code}"
    for command_id, told in evidence.history.told.items():
        outcome = evidence.outcomes.get(command_id)
        stored = (outcome.status, outcome.position, outcome.code) if outcome else None
        for one in told:
            if (one.status, one.position, one.code) != stored:
                yield f"{command_id} was told {one.status} {one.code} at {one.position}, and on record is {outcome}"
