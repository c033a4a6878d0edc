"""What a check says: which promise, and in words what was found against it."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """``check`` is V1 to V9; ``text`` names the id, the hotel or the night."""

    check: str
    text: str

    def __str__(self) -> str:
        """For people."""
        return f"{self.check} {self.text}"


def found(check: str, looked_at: int, texts: Iterable[str]) -> list[Violation]:
    """A violation for each text; a check that looked at nothing is one itself."""
    violations = [Violation(check, text) for text in texts]
    return violations if looked_at else [*violations, Violation(check, "looked at nothing")]
