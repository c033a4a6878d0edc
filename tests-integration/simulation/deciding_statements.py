"""What each statement of ``deciding.sql`` does to the tables; found by its name, see ``statements``.

A statement locks all that it writes before it writes anything, so that one that has to wait can simply be run again.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import asyncpg

from command_service.writing import RECORDED

if TYPE_CHECKING:
    from simulation.sessions import Session
    from simulation.transactions import Row, Transaction

A_UUID: Final = re.compile(r"^[0-9a-f-]{36}$")

RESERVATION: Final = ("hotel_id", "reservation_id", "status", "arrival", "departure", "position", "state")
INVENTORY: Final = ("hotel_id", "room_type", "night", "sold", "allowance", "sell_limit")
EVENT: Final = ("hotel_id", "position", "type", "command_id", "message")
OUTCOME: Final = ("command_id", "hotel_id", "status", "position", "code", "facts")
Texts = Sequence[str]


def lock_hotels(t: "Transaction", _: "Session", hotels: Texts) -> "list[Row]":
    found = [hotel for hotel in sorted(hotels) if t.get("hotel", hotel) is not None]
    if t.server.fenced:
        for hotel in found:
            t.lock("hotel", hotel)
    return [row for hotel in found if (row := t.get("hotel", hotel)) is not None]


def decided(t: "Transaction", session: "Session", ids: Sequence[UUID]) -> "list[Row]":
    if session.blind or not t.server.deduped:
        return []
    return outcomes_of(t, session, ids)


def outcomes_of(t: "Transaction", _: "Session", ids: Sequence[UUID]) -> "list[Row]":
    return [{"command_id": key} for key in ids if t.get("outcome", key) is not None]


def reservations(t: "Transaction", _: "Session", hotels: Texts, ids: Sequence[UUID]) -> "list[Row]":
    return _found(t, "reservation", zip(hotels, ids, strict=True))


def due(t: "Transaction", _: "Session", hotels: Texts, days: Sequence[date]) -> "list[Row]":
    by = dict(zip(hotels, days, strict=True))
    return [row for _, row in t.rows("reservation") if row["hotel_id"] in by and _is_due(row, by[row["hotel_id"]])]


def _is_due(row: "Row", day: date) -> bool:
    if row["status"] == "confirmed":
        return bool(row["arrival"] <= day)
    return row["status"] == "in_house" and bool(row["departure"] <= day)


def inventory(t: "Transaction", _: "Session", hotels: Texts, types: Texts, nights: Sequence[date]) -> "list[Row]":
    return _found(t, "inventory", zip(hotels, types, nights, strict=True))


def calendars(t: "Transaction", _: "Session", hotels: Texts, rooms: Texts) -> "list[Row]":
    wanted = set(zip(hotels, rooms, strict=True))
    return [row for _, row in t.rows("room_span") if (row["hotel_id"], row["room"]) in wanted]


def record(t: "Transaction", _: "Session", *columns: Sequence[Any]) -> str:
    rows = _sets(columns)
    for table, keys in _written(t, rows).items():
        for key in keys:
            t.lock(table, key)
    _put(t, "reservation", RESERVATION, rows["reservations"], 2)
    nights = [dict(zip(INVENTORY, row, strict=True)) for row in rows["inventory"]]
    if t.server.tripwires and any(not 0 <= row["sold"] <= row["sell_limit"] for row in nights):
        raise asyncpg.CheckViolationError("never_oversold")
    _put(t, "inventory", INVENTORY, rows["inventory"], 3)
    for event in rows["events"]:
        _put_event(t, dict(zip(EVENT, event, strict=True)))
    for hotel, position, day in rows["moves"]:
        update(t, "hotel", hotel, {"position": position, "business_date": day})
    for outcome in rows["outcomes"]:
        _put_outcome(t, dict(zip(OUTCOME, outcome, strict=True)))
    return f"INSERT 0 {len(rows['outcomes'])}"


def _sets(columns: Sequence[Sequence[Any]]) -> dict[str, list[tuple[Any, ...]]]:
    ahead = iter(columns)
    return {name: list(zip(*islice(ahead, width), strict=True)) for name, width in RECORDED.items()}


def _written(t: "Transaction", rows: Mapping[str, list[tuple[Any, ...]]]) -> dict[str, list[Any]]:
    return {
        "hotel": [row[0] for row in rows["moves"]] if t.server.fenced else [],
        "outcome": [row[0] for row in rows["outcomes"]],
        "event": [row[:2] for row in rows["events"]],
        "reservation": [row[:2] for row in rows["reservations"]],
        "inventory": [row[:3] for row in rows["inventory"]],
    }


def _put(t: "Transaction", table: str, names: Texts, rows: Iterable[tuple[Any, ...]], columns: int) -> None:
    for row in rows:
        t.put(table, row[:columns], dict(zip(names, row, strict=True)))


def _put_event(t: "Transaction", row: "Row") -> None:
    key = (row["hotel_id"], row["position"])
    row = row | {"recorded_at": t.now()}
    if t.server.fenced:
        t.insert("event", key, row)
    else:
        t.put("event", key, row)
    t.put("event_outbox", t.next("event_outbox"), {"hotel_id": key[0], "position": key[1]})


def _put_outcome(t: "Transaction", row: "Row") -> None:
    key = row.pop("command_id")
    if (row["status"] == "succeeded") != (row["code"] is None):
        raise asyncpg.CheckViolationError("outcome")
    if t.server.one_outcome:
        t.insert("outcome", key, row | {"decided_at": t.now()})
    elif t.get("outcome", key) is None:
        t.put("outcome", key, row | {"decided_at": t.now()})


def delete_spans(t: "Transaction", _: "Session", hotels: Texts, ids: Sequence[UUID]) -> str:
    keys = list(zip(hotels, ids, strict=True))
    for key in keys:
        t.lock("room_span", key)
    for key in keys:
        t.put("room_span", key, None)
    return f"DELETE {len(keys)}"


def write_spans(t: "Transaction", _: "Session", *columns: Sequence[Any]) -> str:
    names = ("hotel_id", "room", "from_date", "to_date", "reservation_id", "occupied")
    rows: list[Row] = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    for row in rows:
        t.lock("room_span", (row["hotel_id"], row["reservation_id"]))
    for row in rows:
        for _key, other in t.rows("room_span"):
            same = other["hotel_id"] == row["hotel_id"] and other["room"] == row["room"]
            if (
                t.server.tripwires
                and same
                and other["from_date"] < row["to_date"]
                and row["from_date"] < other["to_date"]
            ):
                raise asyncpg.ExclusionViolationError("one_occupant")
        key = (row["hotel_id"], row["reservation_id"])
        if t.server.tripwires:
            t.insert("room_span", key, row)
        else:
            t.put("room_span", key, row)
    return f"INSERT 0 {len(rows)}"


def define_hotels(
    t: "Transaction", _: "Session", hotels: Texts, definitions: Texts, days: Sequence[date | None]
) -> str:
    for hotel, definition, day in zip(hotels, definitions, days, strict=True):
        update(t, "hotel", hotel, {"definition": definition, "business_date": day})
    return f"UPDATE {len(hotels)}"


def begin_attempt(t: "Transaction", _: "Session", command: UUID) -> "list[Row]":
    t.lock("attempt", command)
    row = t.get("attempt", command) or {"attempts": 0, "last_error": ""}
    row = row | {"attempts": row["attempts"] + 1}
    t.put("attempt", command, row)
    return [{"attempts": row["attempts"]}]


def note_error(t: "Transaction", _: "Session", command: UUID, error: str) -> str:
    update(t, "attempt", command, {"last_error": error})
    return "UPDATE 1"


def last_error(t: "Transaction", _: "Session", command: UUID) -> "list[Row]":
    row = t.get("attempt", command)
    return [] if row is None else [{"nullif": row["last_error"] or None}]


def accepted(t: "Transaction", _: "Session", message_id: str) -> "list[Row]":
    row = t.get("command", UUID(message_id)) if A_UUID.match(message_id) else None
    return [] if row is None else [row]


def fail(t: "Transaction", _: "Session", command: UUID, hotel: str, code: str, facts: str) -> str:
    t.lock("outcome", command)
    if t.get("outcome", command) is not None:
        return "INSERT 0 0"
    position = (t.get("hotel", hotel) or {"position": 0})["position"]
    row = {"hotel_id": hotel, "status": "failed", "position": position, "code": code, "facts": facts}
    t.put("outcome", command, row | {"decided_at": t.now()})
    return "INSERT 0 1"


def park(
    t: "Transaction",
    _: "Session",
    queue: str,
    hotel: str | None,
    command: UUID | None,
    reason: str,
    attempts: int,
    body: bytes,
    again: bool,  # noqa: FBT001  # the statement's own argument
) -> str:
    row = {"queue": queue, "hotel_id": hotel, "command_id": command, "reason": reason, "attempts": attempts}
    parked = ((one["command_id"], one["queue"], one["body"]) for _, one in t.rows("parked"))
    if again and (None, queue, body) in parked:
        return "INSERT 0 0"
    t.put("parked", t.next("parked"), row | {"body": body})
    return "INSERT 0 1"


def _found(t: "Transaction", table: str, keys: Iterable[Any]) -> "list[Row]":
    return [row for key in keys if (row := t.get(table, key)) is not None]


def update(t: "Transaction", table: str, key: Any, values: Mapping[str, Any]) -> None:
    """Change columns of a row, if it is there."""
    if t.server.fenced:
        t.lock(table, key)
    row = t.get(table, key)
    if row is not None:
        t.put(table, key, {**row, **values})
