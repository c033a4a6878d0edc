"""V8: no reader ever saw a position go back, nor a stream with a gap."""

from collections.abc import Iterator, Sequence

from checks.evidence import Evidence
from checks.violation import Violation, found
from harness.history import Look

FEED = " after"
"""How the readers mark a page of a stream: the position before it, and those in it."""


def check(evidence: Evidence) -> list[Violation]:
    """What was seen go back, or skip."""
    looks = evidence.history.looks
    return found("V8", len(looks), _wrong(looks))


def _wrong(looks: Sequence[Look]) -> Iterator[str]:
    seen: dict[str, tuple[int, ...]] = {}
    for look in looks:
        if look.resource.endswith(FEED):
            if look.positions != tuple(range(look.positions[0], look.positions[0] + len(look.positions))):
                yield f"{look.resource} had a gap: {look.positions[:10]}"
            continue
        before = seen.get(look.resource, ())
        if before and any(now < then for now, then in zip(look.positions, before, strict=True)):
            yield f"{look.resource} went back from {before} to {look.positions}"
        seen[look.resource] = look.positions
