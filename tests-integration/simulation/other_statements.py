"""What each statement of ``acceptance.sql``, ``relay.sql``, ``reading.sql`` and ``members.sql`` does to the tables."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from simulation.deciding_statements import Texts, update

if TYPE_CHECKING:
    from simulation.sessions import Session
    from simulation.transactions import Row, Transaction


def register_hotels(t: "Transaction", _: "Session", hotels: Texts) -> str:
    for hotel in hotels:
        t.lock("hotel", hotel)
    new = [hotel for hotel in hotels if t.get("hotel", hotel) is None]
    for hotel in new:
        t.put("hotel", hotel, {"hotel_id": hotel, "position": 0, "business_date": None, "definition": None})
    return f"INSERT 0 {len(new)}"


def known_hotels(t: "Transaction", _: "Session", hotels: Texts) -> "list[Row]":
    return [{"hotel_id": hotel} for hotel in hotels if t.get("hotel", hotel) is not None]


def accept(t: "Transaction", _: "Session", ids: Sequence[UUID], *columns: Sequence[Any]) -> "list[Row]":
    for key in ids:
        t.lock("command", key)
    names = ("hotel_id", "task", "fingerprint", "accepted_at", "message")
    new = []
    for key, *values in zip(ids, *columns, strict=True):
        if t.get("command", key) is None:
            row = {"id": key, "seq": t.next("command"), **dict(zip(names, values, strict=True)), "stored_at": t.now()}
            t.put("command", key, row)
            t.put("command_outbox", t.next("command_outbox"), {"command_id": key})
            new.append({"id": key})
    return new


def fingerprints(t: "Transaction", _: "Session", ids: Sequence[UUID]) -> "list[Row]":
    return [row for key in ids if (row := t.get("command", key)) is not None]


def lead(t: "Transaction", session: "Session", number: int) -> "list[Row]":
    holder = t.server.advisory.setdefault(number, session)
    return [{"pg_try_advisory_lock": holder is session}]


def unsent_commands(
    t: "Transaction",
    _: "Session",
    most: int,
    look: int,
    hotels: Texts,
    of_these: bool,  # noqa: FBT001
) -> "list[Row]":
    unsent = []
    for seq, row in sorted(t.rows("command_outbox"))[:look]:
        command = t.get("command", row["command_id"])
        if command is not None and (command["hotel_id"] in hotels) == of_these:
            unsent.append({**command, "seq": seq, "age": _age(t, command["accepted_at"])})
    return unsent[:most]


def unsent_events(
    t: "Transaction",
    _: "Session",
    most: int,
    look: int,
    hotels: Texts,
    of_these: bool,  # noqa: FBT001
) -> "list[Row]":
    unsent = []
    for seq, row in sorted(t.rows("event_outbox"), key=lambda item: item[0])[:look]:
        event = t.get("event", (row["hotel_id"], row["position"]))
        if event is not None and (row["hotel_id"] in hotels) == of_these:
            unsent.append({**event, "seq": seq, "age": _age(t, event["recorded_at"])})
    return unsent[:most]


def commands_sent(t: "Transaction", _: "Session", sequence: Sequence[int]) -> str:
    return _delete(t, "command_outbox", sequence)


def events_sent(t: "Transaction", _: "Session", sequence: Sequence[int]) -> str:
    return _delete(t, "event_outbox", sequence)


def decided_until(t: "Transaction", _: "Session") -> "list[Row]":
    row = t.get("decided_until", True)  # a key
    return [] if row is None else [row | {"now": t.now()}]


def undecided(t: "Transaction", _: "Session", first: datetime, until: datetime, most: int) -> "list[Row]":
    found = [
        row for key, row in t.rows("command") if first <= row["stored_at"] < until and t.get("outcome", key) is None
    ]
    return sorted(found, key=lambda row: (row["stored_at"], row["seq"]))[:most]


def send_again(t: "Transaction", _: "Session", ids: Sequence[UUID]) -> str:
    for key in ids:
        t.put("command_outbox", t.next("command_outbox"), {"command_id": key})
    return f"INSERT 0 {len(ids)}"


def move_decided_until(t: "Transaction", _: "Session", until: datetime) -> str:
    update(t, "decided_until", True, {"until": until})  # noqa: FBT003
    return "UPDATE 1"


def head(t: "Transaction", _: "Session", hotel: str) -> "list[Row]":
    row = t.get("hotel", hotel)
    return [] if row is None else [{"position": row["position"]}]


def feed(t: "Transaction", _: "Session", hotel: str, after: int, most: int) -> "list[Row]":
    found: list[Row] = []
    while len(found) < most and (row := t.get("event", (hotel, after + len(found) + 1))) is not None:
        found.append(row)
    return found


def positions(t: "Transaction", _: "Session", after: str, most: int) -> "list[Row]":
    return [row for key, row in sorted(t.rows("hotel"), key=lambda item: str(item[0])) if key > after][:most]


def beat(t: "Transaction", _: "Session", member: str) -> "list[Row]":
    t.lock("worker", member)
    beats = (t.get("worker", member) or {"beats": 0})["beats"] + 1
    t.put("worker", member, {"member": member, "beats": beats})
    return [row for _key, row in t.rows("worker")]


def leave(t: "Transaction", _: "Session", member: str) -> str:
    return _delete(t, "worker", [member])


def forget(t: "Transaction", _: "Session", members: Texts, beats: Sequence[int]) -> str:
    same = [
        m for m, count in zip(members, beats, strict=True) if (t.get("worker", m) or {"beats": 0})["beats"] == count
    ]
    return _delete(t, "worker", same)


def _age(t: "Transaction", since: datetime) -> float:
    return (t.now() - since).total_seconds()


def _delete(t: "Transaction", table: str, keys: Sequence[Any]) -> str:
    for key in keys:
        t.lock(table, key)
    for key in keys:
        t.put(table, key, None)
    return f"DELETE {len(keys)}"
