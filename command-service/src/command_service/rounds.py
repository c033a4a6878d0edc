"""The slow round through all hotels that compares tables with events, and says where they differ.

It repairs nothing, and rests most of the time, so that sending hardly notices. The active relay goes round, on a
session of its own.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import asyncpg
import structlog
from pydantic import SecretStr

from command_service.bookkeeping import unaccounted
from command_service.database import DatabaseDownError, Session, connect
from command_service.differences import Difference, Report
from command_service.metrics import RelayMetrics
from command_service.queries import queries
from command_service.reconciling import Reconciling
from command_service.settings import (
    MAX_DIFFERENCES_LOGGED,
    MAX_ROUND_REST_SECONDS,
    ROUND_RESTS,
    ROUND_SECONDS,
    ROUND_STATEMENT_SECONDS,
)

SQL: Final = queries("reconciling")
log = structlog.get_logger()


@dataclass(slots=True)
class Rounds:
    """Goes round. ``drift`` holds the number of rows that differ, by hotel; ``trouble`` why one could not be compared.

    A hotel that cannot be compared keeps no other from being looked at.
    """

    url: SecretStr
    metrics: RelayMetrics
    round_seconds: float = ROUND_SECONDS
    rests: float = ROUND_RESTS
    drift: dict[str, int] = field(default_factory=dict[str, int])
    trouble: str = ""
    _session: "Session | None" = None
    _since: float = 0.0

    async def run(self) -> None:
        """Go round until cancelled, with ``round_seconds`` between two rounds. May raise what the server raises."""
        while True:
            await self.once()
            await asyncio.sleep(self.round_seconds)

    def forget(self) -> None:
        """Know nothing, and leave the server at once: another relay may go round from now on."""
        if self._session is not None:
            self._session.terminate()
        self.drift.clear()
        self.trouble = ""
        self._tell(0)

    def behind(self) -> Mapping[str, str]:
        """What readiness tells of it."""
        told: dict[str, str] = {}
        if self.drift:
            named = ", ".join(sorted(self.drift)[:MAX_DIFFERENCES_LOGGED])
            rows = sum(self.drift.values())
            told["drift"] = f"{rows} rows are not the fold of their events: `command-service reconcile`: {named}"
        if self.trouble:
            told["rounds"] = self.trouble
        return told

    async def once(self) -> None:
        """Look at every command and every hotel once."""
        self._session = session = await connect(self.url, "innkeep-relay-rounds")
        self._since = time.monotonic()
        try:
            await session.execute(f"SET statement_timeout = '{ROUND_STATEMENT_SECONDS}s'")
            self.trouble = await self._round(session)
        finally:
            session.terminate()
            self._session = None
        if not self.trouble:
            self.metrics.went_round(time.time())

    async def _rest(self) -> None:
        worked = time.monotonic() - self._since
        await asyncio.sleep(min(worked * self.rests, MAX_ROUND_REST_SECONDS))
        self._since = time.monotonic()

    async def _round(self, session: Session) -> str:
        amiss: dict[str, Report] = {}
        async for hotel, difference in unaccounted(session, rest=self._rest):
            amiss.setdefault(hotel, Report(hotel)).add(difference)
        trouble, seen, hotel = "", set[str](), ""
        reconciling = Reconciling(session, rest=self._rest)
        while (following := await session.fetchval(SQL["next_hotel"], hotel)) is not None:
            hotel = following
            seen.add(hotel)
            trouble = await self._hotel(reconciling, hotel, amiss.pop(hotel, None)) or trouble
            await self._rest()
        for hotel, report in amiss.items():
            seen.add(hotel)
            self._note(report, None)
        for gone in self.drift.keys() - seen:
            del self.drift[gone]
        self._tell(0)
        return trouble

    async def _hotel(self, reconciling: Reconciling, hotel: str, amiss: Report | None) -> str:
        """Compare one; what is in the way."""
        try:
            report = await reconciling.hotel(hotel)
        except DatabaseDownError:
            raise
        except asyncpg.PostgresError as error:
            log.warning("hotel_not_compared", hotel=hotel, error=repr(error))
            return f"{hotel} could not be compared: {type(error).__name__}"
        self._note(report, amiss)
        self._tell(1)
        return "" if report.fault is None else f"{hotel}: {report.fault}"

    def _note(self, report: Report, amiss: Report | None) -> None:
        self.drift.pop(report.hotel_id, None)
        drift = report.drift + (amiss.drift if amiss else 0)
        if drift:
            self.drift[report.hotel_id] = drift
            found = [*report.differences, *(amiss.differences if amiss else [])][:MAX_DIFFERENCES_LOGGED]
            log.error(
                "tables_differ",
                hotel=report.hotel_id,
                position=report.position,
                drift=drift,
                fault=report.fault,
                kinds=dict(Counter(f"{d.table}: {d.kind}" for d in found)),
                rows=[_named(d) for d in found],
            )

    def _tell(self, hotels: int) -> None:
        self.metrics.compared(hotels, sum(self.drift.values()))


def _named(difference: Difference) -> str:
    return f"{difference.table} {difference.key}: {difference.kind}"
