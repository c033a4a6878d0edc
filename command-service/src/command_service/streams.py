"""Reading a hotel's events in order, page by page, into the rows that they make; and what is amiss in them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

import asyncpg

from command_service.database import Connection
from command_service.derived import Derived
from command_service.differences import Difference, Kind, Report
from command_service.queries import queries
from shared_contracts.envelope import EventEnvelope, UnreadableMessageError, decode_event

SQL: Final = queries("reconciling")
Rest = Callable[[], Awaitable[None]]


async def without_rest() -> None:
    """Go on at once."""


@dataclass(slots=True)
class Stream:
    """The events of one hotel, read so far into ``derived``; what is amiss is told to ``report``.

    After a ``report.fault`` nothing more is read.
    """

    derived: Derived
    report: Report
    _digest: Any = field(default_factory=sha256)
    _last: asyncpg.Record | None = None

    async def read_on(self, session: Connection, page: int, rest: Rest = without_rest) -> None:
        """Read what follows, ``page`` events at a time with a ``rest`` after each, until there is no more now."""
        while self.report.fault is None:
            rows = await session.fetch(SQL["events"], self.derived.hotel_id, self.derived.position, page)
            if not all(self._take(row) for row in rows) or len(rows) < page:
                return
            await rest()

    def end(self) -> None:
        """All events have been read: the last one is its command's last."""
        self._end_of_command()
        self.report.position = self.derived.position
        self.report.events_digest = None if self.report.fault else self._digest.hexdigest()

    def _take(self, row: asyncpg.Record) -> bool:
        """Fold one event; whether the next one may follow."""
        expected = self.derived.position + 1
        if row["position"] != expected:
            self._differs("event", f"{self.derived.hotel_id}/{expected}", Kind.MISSING)
            self.report.fault = f"event {expected} is missing before {row['position']}"
            return False
        try:
            envelope = _event(row, self.derived.hotel_id)
            self.derived.take(envelope.body)
        except Exception as error:  # noqa: BLE001  # whatever the rules say of an event that they never gave
            self._differs("event", f"{self.derived.hotel_id}/{expected}", Kind.DIFFERENT)
            self.report.fault = f"event {expected} cannot be folded: {type(error).__name__}"
            return False
        if (type(envelope.body).__name__, envelope.causation_id) != (row["type"], row["command_id"]):
            self._differs("event", f"{self.derived.hotel_id}/{expected}", Kind.DIFFERENT)
        self.report.events += 1
        self._digest.update(row["message"].encode())
        if self._last is not None and self._last["command_id"] != row["command_id"]:
            self._end_of_command()
        self._last = row
        return True

    def _end_of_command(self) -> None:
        """The last event read is the last of its command, and that is what the command's outcome must say."""
        row = self._last
        if row is None:
            return
        hotel_id, key = self.derived.hotel_id, str(row["command_id"])
        if row["accepted_for"] != hotel_id:
            kind = Kind.MISSING if row["accepted_for"] is None else Kind.DIFFERENT
            self._differs("command", key, kind)
        if row["status"] is None:
            self._differs("outcome", key, Kind.MISSING)
        elif (row["decided_for"], row["status"], row["decided_position"]) != (hotel_id, "succeeded", row["position"]):
            self._differs("outcome", key, Kind.DIFFERENT)

    def _differs(self, table: str, key: str, kind: Kind) -> None:
        self.report.add(Difference(table, key, kind))


def _event(row: asyncpg.Record, hotel_id: str) -> EventEnvelope:
    envelope = decode_event(row["message"].encode())
    if (envelope.hotel_id, envelope.position) != (hotel_id, row["position"]):
        raise UnreadableMessageError("the message is another event's")
    return envelope
