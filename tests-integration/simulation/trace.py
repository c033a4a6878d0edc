"""What happened in a run, in order, and how often; two runs of a seed have the same digest."""

from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

MAX_VIOLATIONS: Final = 20


@dataclass(slots=True)
class Trace:
    """The lines of a run, what was counted in it, and what was seen to be wrong while it went on."""

    lines: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def add(self, line: str) -> None:
        """Note what happened."""
        self.lines.append(line)

    def count(self, name: str, by: int = 1) -> None:
        """Count that it happened."""
        self.counts[name] += by

    def violate(self, what: str) -> None:
        """Note what must not happen; the first ``MAX_VIOLATIONS`` say enough."""
        if len(self.violations) >= MAX_VIOLATIONS:
            return
        self.violations.append(what)
        self.lines.append(f"VIOLATION {what}")

    def digest(self) -> str:
        """One word for all of it."""
        return sha256("\n".join(self.lines).encode()).hexdigest()[:16]
