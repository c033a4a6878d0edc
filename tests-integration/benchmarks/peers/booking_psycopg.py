"""The booking transaction for peers that are synchronous: the same statements through a pool of psycopg's."""
# pyright: reportMissingImports=false

import json
from datetime import date
from pathlib import Path
from typing import Any

from psycopg import Connection, RawCursor, errors
from psycopg_pool import ConnectionPool

from benchmarks.named_sql import named_sql

SQL = named_sql(Path(__file__).with_name("booking.sql"))


def sessions(url: str, count: int) -> Any:
    """The pool that the handlers' threads share."""
    pool = ConnectionPool(url, min_size=count, max_size=count, kwargs={"cursor_factory": RawCursor}, open=True)
    pool.wait()
    return pool


def book(pool: Any, command: dict[str, Any]) -> None:
    """Decide one command in one transaction; where its outcome is there already, nothing happens."""
    try:
        with pool.connection() as session:
            _decide(session, command)
    except errors.UniqueViolation:
        return


def _decide(session: Connection, command: dict[str, Any]) -> None:
    hotel, id_ = command["hotel_id"], command["command_id"]
    arrival, departure = (date.fromisoformat(command["stay"][day]) for day in ("arrival", "departure"))
    locked = session.execute(SQL["lock_hotel"], [hotel]).fetchone()
    position = 1 + locked[0]
    sold = session.execute(SQL["sell_nights"], [hotel, command["room_type"], arrival, departure])
    if not sold.rowcount:
        session.execute(SQL["write_outcome"], [id_, hotel, "rejected", None])
        return
    session.execute(SQL["append_event"], [hotel, id_, json.dumps(command)])
    session.execute(SQL["queue_event"], [hotel, position])
    session.execute(SQL["write_outcome"], [id_, hotel, "succeeded", position])
