"""Whether PostgreSQL keeps what it has committed when the power fails: every promise of this service rests on it.

Looked at as the process's own sessions see it: a setting may be another for one role, or for one database.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog

from command_service.database import Connection, DatabaseDownError, Pool
from command_service.settings import READINESS_SECONDS

log = structlog.get_logger()

NEEDED: Final[Mapping[str, frozenset[str]]] = {
    "fsync": frozenset({"on"}),
    "full_page_writes": frozenset({"on"}),
    "synchronous_commit": frozenset({"on", "remote_apply"}),
}
_SHOW: Final = "SELECT name, setting FROM pg_settings WHERE name = ANY ($1::text[])"


async def weakened(sessions: "Connection | Pool") -> dict[str, str]:
    """The settings under which a power failure may lose what was promised, each with what to do; may raise.

    A setting that is found weakened is an error in the log each time.
    """
    rows = await sessions.fetch(_SHOW, list(NEEDED), timeout=READINESS_SECONDS)
    found = {
        row["name"]: f"is {row['setting']}: a power failure may lose what was answered with 202; set it to on"
        for row in rows
        if row["setting"] not in NEEDED[row["name"]]
    }
    for name, reason in found.items():
        log.error("durability_weakened", setting=name, reason=reason)
    return found


@dataclass(slots=True)
class Durability:
    """What was found at the last look."""

    weakened: dict[str, str] = field(default_factory=dict[str, str])

    async def look(self, pool: Pool) -> None:
        """Look; a server that does not answer changes nothing, which is for others to say."""
        try:
            self.weakened = await weakened(pool)
        except DatabaseDownError:
            return
