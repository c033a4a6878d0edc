"""Replacing documents in few messages, each where the stored one is as it is known; beside ``documents`` the driver's.

The command ``update`` is said as it is: the driver's ``bulk_write`` takes twice the processor time (decision 9).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Any, Final

from bson.raw_bson import RawBSONDocument
from pymongo.database import Database

from query_service.once_more import once_more
from query_service.settings import MAX_UPDATE_BYTES, MAX_UPDATES, UPDATE_OVERHEAD_BYTES

DURABLE: Final[Mapping[str, Any]] = {"w": "majority", "j": True}
DUPLICATE_KEY: Final = 11_000
PASSING: Final = frozenset(
    {6, 7, 24, 46, 50, 89, 91, 112, 189, 262, 264, 365, 371, 402, 449}
    | {10_107, 11_600, 11_601, 11_602, 13_435, 13_436}
)
"""What is wrong with the server or its haste and not with the document: no answer, no lock, no time, no room or writes
not wanted now, stepping down, shutting down, interrupted, in conflict (MongoDB's ``error_codes.yml``)."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """The ``document`` for the one that matches ``known``, which names its id; ``upsert``: or where there is none."""

    known: Mapping[str, Any]
    document: RawBSONDocument
    upsert: bool


@dataclass(slots=True)
class Replaced:
    """How many were made, and which, in their order, another document under their id has kept from being inserted.

    ``refused``: what the store said of one that it will never take. ``acknowledged``: none was left undone for another
    reason, and all are journalled by a majority.
    """

    made: int = 0
    kept: list[int] = field(default_factory=list[int])
    refused: str | None = None
    acknowledged: bool = True

    def add(self, first: int, reply: Mapping[str, Any]) -> None:
        """Add what the server answers about replacements from the ``first`` on."""
        self.made += reply["n"]
        self.acknowledged = self.acknowledged and "writeConcernError" not in reply
        for fault in reply.get("writeErrors", ()):
            if fault["code"] == DUPLICATE_KEY:
                self.kept.append(first + fault["index"])
            elif fault["code"] in PASSING:
                self.acknowledged = False
            else:
                self.refused = self.refused or str(fault.get("errmsg"))


def replace_all(
    database: Database[dict[str, Any]], collection: str, replacements: Sequence[Replacement], until: float
) -> Replaced:
    """Make all, in no order; ``TimeoutError`` where the monotonic clock passes ``until`` before all were sent.

    Raises what the driver raises; some may have been made then.
    """
    replaced, first = Replaced(), 0
    for part in _messages(replacements):
        if monotonic() > until:  # nobody waits any more
            raise TimeoutError
        updates = [{"q": one.known, "u": one.document, "upsert": one.upsert} for one in part]
        command = {"update": collection, "updates": updates, "ordered": False, "writeConcern": DURABLE}
        # What the first try made, a second does not make again: the stored document is no longer as it was known.
        replaced.add(first, once_more(partial(_said, database, command), until))
        first += len(part)
    return replaced


def _said(database: Database[dict[str, Any]], command: Mapping[str, Any]) -> Mapping[str, Any]:
    return database.command(dict(command))


def _messages(replacements: Sequence[Replacement]) -> Iterator[Sequence[Replacement]]:
    """The replacements in parts that a server takes in one message."""
    part: list[Replacement] = []
    size = 0
    for one in replacements:
        its_size = len(one.document.raw) + UPDATE_OVERHEAD_BYTES
        if part and (size + its_size > MAX_UPDATE_BYTES or len(part) == MAX_UPDATES):
            yield part
            part, size = [], 0
        part.append(one)
        size += its_size
    if part:
        yield part
