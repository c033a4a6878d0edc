"""Whether the tables of a hotel are the fold of its events: both are read as of one moment, and told apart by name.

It changes nothing and holds no lock. The events, which are never changed, are read first; the snapshot lasts only for
those that came meanwhile and for the tables, so that it keeps nothing from being cleaned up for long.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from command_service.database import Connection
from command_service.derived import TABLES, Derived, Key, fingerprint, stored
from command_service.differences import Difference, Kind, Report
from command_service.queries import queries
from command_service.settings import RECONCILE_PAGE
from command_service.streams import Rest, Stream, without_rest

SQL: Final = queries("reconciling")
_MODULUS: Final = 2**256


@dataclass(slots=True)
class Tables:
    """What was found in the tables of one hotel; the digest grows row by row, in any order."""

    rows: int = 0
    _sum: int = 0

    def add(self, row: bytes) -> None:
        """Take one row's fingerprint in; each once."""
        self._sum = (self._sum + int.from_bytes(sha256(row).digest())) % _MODULUS
        self.rows += 1

    @property
    def digest(self) -> str:
        """Equal for equal rows, in whatever database they are; in hexadecimal digits."""
        return f"{self._sum:064x}"


@dataclass(frozen=True, slots=True)
class Reconciling:
    """Compares a hotel's tables with the fold of its events, ``page`` at a time, with a ``rest`` between pages.

    Of a hotel's reservations, those that have not ended are held in memory, and of the others a fingerprint each.
    """

    session: Connection
    page: int = RECONCILE_PAGE
    rest: Rest = without_rest

    async def hotel(self, hotel_id: str) -> Report:
        """Look at every row of the hotel. May raise what the server raises."""
        report = Report(hotel_id)
        stream = Stream(Derived(hotel_id), report)
        await stream.read_on(self.session, self.page, self.rest)
        async with self.session.transaction(isolation="repeatable_read", readonly=True):
            await stream.read_on(self.session, self.page)
            stream.end()
            if report.fault is None:
                tables = Tables()
                async for table, key, kind in compare(self.session, stream.derived, tables, self.page):
                    report.add(Difference(table, key_text(hotel_id, key), kind))
                report.rows, report.digest = tables.rows, tables.digest
        return report


async def compare(
    session: Connection, derived: Derived, tables: Tables, page: int
) -> AsyncIterator[tuple[str, Key, Kind]]:
    """The rows that differ, inside the caller's transaction; all that are found are told to ``tables``."""
    for table in TABLES:
        seen = set[Key]()
        cursor = await session.cursor(SQL[table], derived.hotel_id)
        while rows := await cursor.fetch(page):
            for row in rows:
                key, columns = stored(table, dict(row))
                found, right = fingerprint(table, columns), derived.fingerprint(table, key)
                tables.add(found)
                seen.add(key)
                if right is None:
                    yield table, key, Kind.UNEXPECTED
                elif right != found:
                    yield table, key, Kind.DIFFERENT
        for key in derived.keys(table):
            if key not in seen:
                yield table, key, Kind.MISSING


def key_text(hotel_id: str, key: Key) -> str:
    """A row's key as it is shown."""
    return "/".join([hotel_id, *map(str, key)])
