"""What a look at one hotel's tables found, by name."""

from dataclasses import dataclass, field
from enum import StrEnum

from command_service.settings import MAX_DIFFERENCES


class Kind(StrEnum):
    """How a row differs from what the events say."""

    MISSING = "missing"
    DIFFERENT = "different"
    UNEXPECTED = "unexpected"


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that is not what the events say; ``repaired`` where it is now."""

    table: str
    key: str
    kind: Kind
    repaired: bool = False


@dataclass(slots=True)
class Report:
    """What was found in one moment, at ``position``; ``digest`` is that of the rows as they were found.

    ``fault`` is why the events could not be folded to their end: then the tables were not compared.
    """

    hotel_id: str
    position: int = 0
    events: int = 0
    rows: int = 0
    drift: int = 0
    repaired: int = 0
    differences: list[Difference] = field(default_factory=list[Difference])
    fault: str | None = None
    digest: str | None = None
    events_digest: str | None = None

    @property
    def left(self) -> int:
        """How much is not right; nothing where the look found everything as it should be."""
        return self.drift - self.repaired + (self.fault is not None)

    def add(self, difference: Difference) -> None:
        """Count a difference, once where it is named already; the first ``MAX_DIFFERENCES`` are named."""
        if difference in self.differences:
            return
        self.drift += 1
        self.repaired += difference.repaired
        if len(self.differences) < MAX_DIFFERENCES:
            self.differences.append(difference)
