"""Transactions of the simulated PostgreSQL: what they write, what they lock, for whom they wait."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import asyncpg

if TYPE_CHECKING:
    from simulation.postgres import Postgres

Row = dict[str, Any]
Key = tuple[str, Any]


class BlockedError(Exception):
    """A statement has to wait for the end of another transaction."""

    def __init__(self, holder: "Transaction") -> None:
        """Remember whom it waits for."""
        super().__init__()
        self.holder = holder


@dataclass(slots=True, eq=False)
class Transaction:
    """What one transaction has written and locked; it sees that and all that is committed."""

    server: "Postgres"
    writes: dict[Key, Row | None] = field(default_factory=dict)
    locks: list[Key] = field(default_factory=list)
    waits_for: "Transaction | None" = None
    waiting: list[Callable[[], None]] = field(default_factory=list)
    over: bool = False

    def now(self) -> datetime:
        """What ``clock_timestamp()`` says."""
        return self.server.clock()

    def get(self, table: str, key: Any) -> Row | None:
        """The row as this transaction sees it."""
        if (table, key) in self.writes:
            return self.writes[table, key]
        return self.server.tables[table].get(key)

    def rows(self, table: str) -> Iterator[tuple[Any, Row]]:
        """All rows as this transaction sees them."""
        mine = {key: row for (name, key), row in self.writes.items() if name == table}
        for key, row in self.server.tables[table].items():
            if key not in mine:
                yield key, row
        for key, written in mine.items():
            if written is not None:
                yield key, written

    def lock(self, table: str, key: Any) -> None:
        """Hold the row, or what would be one; may raise ``BlockedError``. Comes before every write."""
        holder = self.server.locks.get((table, key))
        if holder is self:
            return
        if holder is not None:
            raise BlockedError(holder)
        self.server.locks[table, key] = self
        self.locks.append((table, key))

    def put(self, table: str, key: Any, row: Row | None) -> None:
        """Write a row that is locked, or remove it."""
        self.writes[table, key] = row

    def insert(self, table: str, key: Any, row: Row) -> None:
        """Write a row that must be new."""
        if self.get(table, key) is not None:
            raise asyncpg.UniqueViolationError(f"duplicate key in {table}: {key}")
        self.put(table, key, row)

    def next(self, sequence: str) -> int:
        """The next of a sequence; given out whether or not the transaction commits."""
        self.server.sequences[sequence] = number = self.server.sequences.get(sequence, 0) + 1
        return number
