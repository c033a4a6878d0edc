"""Making the tables of a hotel the fold of its events again, while nobody decides for it. Events are never touched."""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import asyncpg
import structlog

from command_service.bookkeeping import unaccounted
from command_service.database import Connection
from command_service.derived import HOTEL, INVENTORY, RESERVATION, ROOM_SPAN, Derived, Key
from command_service.differences import Difference, Kind, Report
from command_service.loading import SQL as WRITES
from command_service.parked import NotPossibleError
from command_service.queries import queries
from command_service.reconciling import Tables, compare, key_text
from command_service.settings import RECONCILE_PAGE
from command_service.streams import Stream
from command_service.writing import Row, record

SQL: Final = queries("reconciling")
_DELETES: Final = {
    ROOM_SPAN: WRITES["delete_spans"],
    RESERVATION: SQL["delete_reservations"],
    INVENTORY: SQL["delete_inventory"],
}
_PUTS: Final = {RESERVATION: "reservations", INVENTORY: "inventory"}
Found = dict[tuple[str, Kind], list[Key]]
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Repairing:
    """Rewrites rows that differ. The whole state of the hotel is held in memory meanwhile."""

    session: Connection
    page: int = RECONCILE_PAGE

    async def hotel(self, hotel_id: str, operator: str, *, dry_run: bool) -> Report:
        """What differed, and is right now (with ``dry_run``: would be), in one transaction under the hotel's lock.

        ``NotPossibleError`` where the events cannot be folded, where some are lost, or where a tripwire refuses what
        they make; then nothing is changed.
        """
        report = Report(hotel_id)
        stream = Stream(Derived(hotel_id, whole=True), report)
        position = await self.session.fetchval(SQL["position"], hotel_id)
        await stream.read_on(self.session, self.page)
        if position is not None and position > stream.derived.position:
            await self._refuse_lost_events(hotel_id, stream.derived.position)
        try:
            async with self._transaction(dry_run=dry_run):
                if stream.derived.position:
                    await self.session.execute(SQL["register_hotel"], hotel_id)
                await self.session.fetchrow(SQL["lock_hotel"], hotel_id)
                await stream.read_on(self.session, self.page)
                stream.end()
                if report.fault is not None:
                    raise NotPossibleError(f"{hotel_id}: {report.fault}: its events must be restored first")
                await self._put_right(stream.derived, report)
        except asyncpg.IntegrityConstraintViolationError as tripwire:
            name = tripwire.constraint_name
            raise NotPossibleError(f"{hotel_id}: the events make rows that {name} refuses: a rule is broken") from None
        log.warning("tables_repaired", hotel=hotel_id, operator=operator, rows=report.repaired, dry_run=dry_run)
        return report

    @asynccontextmanager
    async def _transaction(self, *, dry_run: bool) -> AsyncIterator[None]:
        """One that a dry run takes back."""
        transaction = self.session.transaction()
        await transaction.start()
        try:
            yield
        except BaseException:
            await transaction.rollback()
            raise
        await (transaction.rollback() if dry_run else transaction.commit())

    async def _refuse_lost_events(self, hotel_id: str, position: int) -> None:
        """A position that was given out once must not be given out again: readers may hold its event."""
        async for _, difference in unaccounted(self.session, hotel_id):
            if difference.table == "event":
                raise NotPossibleError(f"{hotel_id}: events after {position} are lost: they must be restored first")

    async def _put_right(self, derived: Derived, report: Report) -> None:
        tables, found = Tables(), Found()
        async for table, key, kind in compare(self.session, derived, tables, self.page):
            found.setdefault((table, kind), []).append(key)
            report.add(Difference(table, key_text(derived.hotel_id, key), kind, repaired=True))
        for table, delete in _DELETES.items():
            gone = found.get((table, Kind.UNEXPECTED), [])
            # A span is written anew: one that moves may be in the way of another until it is gone.
            moved = found.get((table, Kind.DIFFERENT), []) if table == ROOM_SPAN else []
            await self._in_pages(delete, [(derived.hotel_id, *key) for key in (*gone, *moved)])
        wrong = {
            table: _rows(
                derived, table, (*found.get((table, Kind.MISSING), ()), *found.get((table, Kind.DIFFERENT), ()))
            )
            for table in (*_PUTS, ROOM_SPAN)
        }
        for table, name in _PUTS.items():
            for page in self._pages(wrong[table]):
                await record(self.session, {name: page})
        await self._in_pages(WRITES["write_spans"], wrong[ROOM_SPAN])
        if (HOTEL, Kind.DIFFERENT) in found:
            await self.session.execute(SQL["put_hotel"], *_rows(derived, HOTEL, [()])[0])
        report.rows, report.digest = tables.rows, tables.digest

    async def _in_pages(self, query: str, rows: Sequence[Row]) -> None:
        for page in self._pages(rows):
            await self.session.execute(query, *map(list, zip(*page, strict=True)))

    def _pages(self, rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
        for start in range(0, len(rows), self.page):
            yield rows[start : start + self.page]


def _rows(derived: Derived, table: str, keys: Iterable[Key]) -> list[Row]:
    rows = [derived.row(table, key) for key in keys]
    return [row for row in rows if row is not None]
