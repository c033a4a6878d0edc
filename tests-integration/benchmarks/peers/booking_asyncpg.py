"""The booking transaction for peers that are asynchronous."""

import json
from datetime import date
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import asyncpg

from benchmarks.named_sql import named_sql

SESSIONS: Final = 16
SQL: Final = named_sql(Path(__file__).with_name("booking.sql"))


async def sessions(url: str) -> "asyncpg.Pool[Any]":
    """The pool that the handlers share."""
    return await asyncpg.create_pool(url, min_size=SESSIONS, max_size=SESSIONS)


async def book(pool: "asyncpg.Pool[Any]", command: dict[str, Any]) -> None:
    """Decide one command in one transaction; where its outcome is there already, nothing happens."""
    try:
        async with pool.acquire() as session, session.transaction():
            await _decide(session, command)
    except asyncpg.UniqueViolationError:
        return


async def _decide(session: Any, command: dict[str, Any]) -> None:
    hotel, id_ = command["hotel_id"], UUID(command["command_id"])
    arrival, departure = (date.fromisoformat(command["stay"][day]) for day in ("arrival", "departure"))
    position = 1 + await session.fetchval(SQL["lock_hotel"], hotel)
    sold = await session.execute(SQL["sell_nights"], hotel, command["room_type"], arrival, departure)
    if sold == "UPDATE 0":
        await session.execute(SQL["write_outcome"], id_, hotel, "rejected", None)
        return
    await session.execute(SQL["append_event"], hotel, id_, json.dumps(command))
    await session.execute(SQL["queue_event"], hotel, position)
    await session.execute(SQL["write_outcome"], id_, hotel, "succeeded", position)
