"""V6: outboxes and queues are empty, and what is parked is exactly the poison that was planted."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from checks.evidence import Evidence
from checks.violation import Violation, found


def check(evidence: Evidence) -> list[Violation]:
    """What is left over, what was parked without being poison, and poison that was not parked."""
    return found("V6", len(evidence.waiting), _left(evidence))


def _left(evidence: Evidence) -> Iterator[str]:
    for place, count in evidence.waiting.items():
        if count:
            yield f"{count} are left in {place}"
    for what in ("bodies", "commands", "messages", "hotels"):
        parked, planted = getattr(evidence.parked, what), getattr(evidence.planted, what)
        yield from _differ(what, parked, planted)


def _differ(what: str, parked: Sequence[Any], planted: Sequence[Any]) -> Iterator[str]:
    there, wanted = Counter(parked), Counter(planted)
    for strange, count in (there - wanted).items():
        yield f"parked {what}: {strange!r:.60} {count} times, not planted"
    for missing, count in (wanted - there).items():
        yield f"planted {what}: {missing!r:.60} {count} times, not parked"
