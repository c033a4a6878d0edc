"""A store of members in memory, for sharing among consumers of one test."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared_contracts.transport.sharing import MembersUnavailableError


@dataclass(slots=True)
class InMemory:
    """As ``Members`` promises; ``down`` says that it does not answer."""

    counts: dict[str, int] = field(default_factory=dict[str, int])
    down: bool = False

    async def beat(self, member: str) -> Mapping[str, int]:
        """Count up."""
        if self.down:
            raise MembersUnavailableError("down")
        self.counts[member] = self.counts.get(member, 0) + 1
        return dict(self.counts)

    async def leave(self, member: str) -> None:
        """Gone."""
        self.counts.pop(member, None)

    async def forget(self, counts: Mapping[str, int]) -> None:
        """Those that are still so."""
        for member, count in counts.items():
            if self.counts.get(member) == count:
                del self.counts[member]
