"""V3: a command is decided once at most: its events stand together, were written together, and end at its outcome."""

from collections import defaultdict
from collections.abc import Iterator

from checks.evidence import Evidence, StoredEvent, StoredOutcome
from checks.violation import Violation, found

SEVERAL = "close-business-date"
"""The only task that may come to more than one event: every no-show of the date, and the close."""


def check(evidence: Evidence) -> list[Violation]:
    """Commands that took effect twice, in part, or against their outcome."""
    return found("V3", sum(map(len, evidence.streams.values())), _broken(evidence))


def _broken(evidence: Evidence) -> Iterator[str]:
    by_command: dict[str, list[StoredEvent]] = defaultdict(list)
    for stream in evidence.streams.values():
        for event in stream:
            by_command[str(event.envelope.causation_id)].append(event)
    for command_id, events in by_command.items():
        yield from _decision(evidence, command_id, events)


def _decision(evidence: Evidence, command_id: str, events: list[StoredEvent]) -> Iterator[str]:
    positions = [event.envelope.position for event in events]
    invoke, outcome = evidence.history.invokes.get(command_id), evidence.outcomes.get(command_id)
    hotels = {event.envelope.hotel_id for event in events}
    if len(events) > 1 and (invoke is None or invoke.task != SEVERAL):
        yield f"{command_id} took effect {len(events)} times, at {positions}"
    elif positions != list(range(positions[0], positions[0] + len(positions))) or len(hotels) > 1:
        yield f"{command_id} took effect in pieces, at {positions} of {sorted(hotels)}"
    elif len({event.transaction for event in events}) > 1:
        yield f"{command_id} was written in several transactions, at {positions}"
    elif not _fits(outcome, positions[-1]):
        yield f"{command_id} took effect up to {positions[-1]}, and its outcome is {outcome}"


def _fits(outcome: StoredOutcome | None, last: int) -> bool:
    return outcome is not None and outcome.status == "succeeded" and outcome.position == last
