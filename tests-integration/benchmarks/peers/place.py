"""Where a peer works, and on what."""

from dataclasses import dataclass, field
from typing import Any

Commands = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Place:
    """A database whose search path is the peers' schema, a broker, and a queue of its own."""

    postgres: str = field(repr=False)
    broker: str = field(repr=False)
    queue: str
