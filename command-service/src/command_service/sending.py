"""One kind of unsent rows to the broker: in order within a hotel, each until it is confirmed."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

import asyncpg
import structlog

from command_service.database import Session
from command_service.holding import Holding
from command_service.metrics import RelayMetrics
from command_service.outbox import Outbox
from command_service.queries import queries
from command_service.settings import (
    RELAY_BATCH,
    RELAY_BUSY_SECONDS,
    RELAY_CHECK_SECONDS,
    RELAY_IDLE_SECONDS,
    RELAY_LOOK,
    RELAY_PROBE_SECONDS,
    RELAY_RETRY_SECONDS,
)
from shared_contracts.topology import partition_of
from shared_contracts.transport.amqp import BrokerError
from shared_contracts.transport.consuming import wait_for
from shared_contracts.transport.crashing import CrashPoint, crash_here
from shared_contracts.transport.publishing import PUBLISH_SECONDS, NotPublishedError, Publisher
from shared_contracts.transport.resting import rest_seconds, waited_for_a_core

SQL: Final = queries("relay")
log = structlog.get_logger()


@dataclass(slots=True)
class Sender:
    """Sends one outbox. ``trouble`` says why the broker takes nothing; it is empty again once the broker answers."""

    outbox: Outbox
    publisher: Publisher
    metrics: RelayMetrics
    trouble: str = ""
    holding: Holding = field(default_factory=Holding)
    _oldest: float | None = None
    _looked: bool = False
    _answered: float = 0.0

    def __post_init__(self) -> None:
        """Let the metrics ask how long rows have waited."""
        self.metrics.watch_unsent(self.outbox.kind, self.waited)

    def waited(self) -> float:
        """For how many seconds the oldest unsent row has waited by now; zero where none is known of."""
        return 0.0 if self._oldest is None else monotonic() - self._oldest

    @property
    def nothing_waits(self) -> bool:
        """Whether it has looked, found everything sent, and the broker answered."""
        return self._looked and self._oldest is None and not self.trouble

    def forget(self) -> None:
        """Know nothing: another relay may have sent since."""
        self.trouble, self.holding = "", Holding()
        self._oldest, self._looked, self._answered = None, False, 0.0

    async def run(self, session: Session, stop: asyncio.Event) -> None:
        """Send until ``stop``, resting a little after a small batch; then finish the batch in hand.

        Outages of the broker are waited for.
        """
        pause = RELAY_BUSY_SECONDS
        while not stop.is_set():
            before = waited_for_a_core()
            sent = await self._send_batch(session)
            if sent == RELAY_BATCH:
                continue
            pause = RELAY_BUSY_SECONDS if sent else min(pause * 2, RELAY_IDLE_SECONDS)
            await wait_for(stop, max(pause, rest_seconds(waited_for_a_core() - before, sent, RELAY_BATCH)))

    async def _send_batch(self, session: Session) -> int:
        if self.holding.partitions:
            await self._try_held(session)
        rows = await self._unsent(session)
        if rows:
            return len(await self._publish(session, rows, PUBLISH_SECONDS))
        if monotonic() - self._answered > RELAY_CHECK_SECONDS:
            await self._check()
        return 0

    async def _unsent(self, session: Session) -> Sequence[asyncpg.Record]:
        """The oldest rows of partitions that are not held; a hotel of a held one is found once, then left out."""
        while True:
            left_out = self.holding.hotels()
            look = RELAY_LOOK if left_out else RELAY_BATCH
            rows = await session.fetch(SQL[self.outbox.unsent], RELAY_BATCH, look, left_out, False)  # noqa: FBT003
            now = monotonic()
            waiting = [*self.holding.oldest(), *(now - row["age"] for row in rows[:1])]
            self._oldest, self._looked = min(waiting, default=None), True
            if not self.holding.partitions:
                return rows
            free = [row for row in rows if not self.holding.holds(row["hotel_id"])]
            if free or len(rows) < RELAY_BATCH:
                return free

    async def _try_held(self, session: Session) -> None:
        """Send the oldest message of each held partition that is due, with little patience."""
        rows: list[asyncpg.Record] = []
        for partition, held in self.holding.due(monotonic()).items():
            hotels = list(held.hotels)
            row = await session.fetchrow(SQL[self.outbox.unsent], 1, RELAY_LOOK, hotels, True)  # noqa: FBT003
            if row is None:
                self.holding.release([partition], monotonic())
            else:
                rows.append(row)
        if rows:
            taken = await self._publish(session, rows, RELAY_PROBE_SECONDS)
            self.holding.release({partition_of(row["hotel_id"]) for row in taken}, monotonic())

    async def _publish(
        self, session: Session, rows: Sequence[asyncpg.Record], seconds: float
    ) -> Sequence[asyncpg.Record]:
        """Publish, and delete the rows that were confirmed before the first fault of their partition; these rows."""
        crash_here(CrashPoint.RELAY_AFTER_SELECT)
        confirmed = rows
        try:
            await self.publisher.publish([self.outbox.message(row) for row in rows], seconds)
        except NotPublishedError as error:
            confirmed = self._hold(rows, error.faults)
        except BrokerError as error:
            await self._fault(repr(error), len(rows))
            return []
        if confirmed:
            crash_here(CrashPoint.RELAY_AFTER_CONFIRM)
            await session.execute(SQL[self.outbox.sent], [row["seq"] for row in confirmed])
            crash_here(CrashPoint.RELAY_AFTER_MARK)
            self._broker_answered()
            self.metrics.published(self.outbox.kind, [row["age"] for row in confirmed])
        return confirmed

    def _hold(self, rows: Sequence[asyncpg.Record], faults: Mapping[int, BaseException]) -> list[asyncpg.Record]:
        """Hold the partitions of the faults; the rows that came before the first fault of their partition."""
        now = monotonic()
        confirmed: list[asyncpg.Record] = []
        refusing: dict[int, str] = {}
        for index, row in enumerate(rows):
            partition = partition_of(row["hotel_id"])
            if partition in refusing:
                self.holding.holds(row["hotel_id"])
            elif index in faults:
                refusing[partition] = repr(faults[index])
                self.holding.hold(row["hotel_id"], refusing[partition], now - row["age"], now)
            else:
                confirmed.append(row)
        self.metrics.fault()
        reasons = {f"{partition:02d}": reason for partition, reason in refusing.items()}
        log.warning("partitions_held", kind=self.outbox.kind, partitions=reasons, unconfirmed=len(faults))
        return confirmed

    async def _check(self) -> None:
        """Ask the broker whether it is there while there is nothing to send."""
        try:
            await self.publisher.check()
        except BrokerError as error:
            await self._fault(repr(error), 0)
        else:
            self._broker_answered()

    def _broker_answered(self) -> None:
        self.trouble, self._answered = "", monotonic()

    async def _fault(self, error: str, messages: int) -> None:
        self.trouble = f"rabbitmq: {error}"
        self.metrics.fault()
        log.warning("not_published", kind=self.outbox.kind, messages=messages, error=error)
        await asyncio.sleep(RELAY_RETRY_SECONDS)
