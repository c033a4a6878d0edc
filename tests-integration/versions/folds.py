"""What streams fold to on both sides: the rows of the write side, and the documents; a line each, in order."""

from collections.abc import Iterator, Mapping, Sequence

import orjson

from command_service.derived import TABLES, Derived
from query_service.folding import fold, plan
from shared_contracts.envelope import decode_event
from versions.folder import Version, canonical

Streams = Mapping[str, Sequence[bytes]]


def rows(streams: Streams) -> Iterator[bytes]:
    """Every row that the events make, as it is written."""
    for hotel, messages in streams.items():
        derived = Derived(hotel, whole=True)
        for message in messages:
            derived.take(decode_event(message).body)
        for table in TABLES:
            yield from sorted(
                canonical([table, *map(_told, derived.row(table, key) or ())]) for key in derived.keys(table)
            )


def _told(column: object) -> object:
    """The column, and where it is JSON what that says; the order of room types in it means nothing."""
    if not isinstance(column, str) or not column.startswith("{"):
        return column
    told = orjson.loads(column)
    if "room_types" in told:
        told["room_types"].sort(key=lambda room_type: room_type["code"])
    return told


def documents(streams: Streams) -> Iterator[bytes]:
    """Every document that the events make."""
    for messages in streams.values():
        folded = fold(plan([decode_event(message) for message in messages]), {})
        if folded.fault is not None:
            raise ValueError(f"event {folded.fault.position}: {folded.fault.reason}")
        yield from (canonical([collection, document]) for (collection, _), document in sorted(folded.changed.items()))


FOLDS = {"rows": rows, "documents": documents}


def differences(version: Version) -> list[str]:
    """The first line of each fold that is not what was expected of the version's streams; none where all are."""
    found = []
    for what, fold_of in FOLDS.items():
        expected, now = version.expected(what), list(fold_of(version.streams))
        if expected != now:
            places = (number for number, pair in enumerate(zip(expected, now, strict=False)) if pair[0] != pair[1])
            at = next(places, min(len(expected), len(now)))
            was, is_now = (b"".join(lines[at : at + 1]).decode() or "nothing" for lines in (expected, now))
            found.append(f"{version.name}/expected/{what}.jsonl line {at + 1}: was {was}, is now {is_now}")
    return found
