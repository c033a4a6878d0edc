from datetime import timedelta
from uuid import uuid4

import pytest

from command_service.acceptance import incoming
from command_service.bookkeeping import unaccounted
from command_service.database import Connection, Pool
from command_service.ledger import Ledger
from orders import ordered
from recorded import record
from seaside import book
from shared_contracts.envelope import CommandEnvelope


async def amiss(session: Connection, hotel_id: str, page: int = 2_000) -> list[tuple[str, str, str]]:
    found = [(d.table, d.key, str(d.kind)) async for _, d in unaccounted(session, hotel_id, page)]
    everywhere = [
        (d.table, d.key, str(d.kind)) async for hotel, d in unaccounted(session, page=page) if hotel == hotel_id
    ]
    assert found == everywhere
    return found


async def accepted(session: Connection, command: CommandEnvelope, ago: timedelta) -> None:
    row = incoming(command)
    await session.execute(
        "INSERT INTO command (id, hotel_id, task, fingerprint, accepted_at, message)"
        " VALUES ($1, $2, $3, $4, clock_timestamp() - $5::interval, $6)",
        row.id,
        row.hotel_id,
        row.task,
        row.fingerprint,
        ago,
        row.message,
    )


async def test_where_everything_is_accounted_for_nothing_is_told(session: Connection, busy: str) -> None:
    for page in (2_000, 3):
        assert await amiss(session, busy, page) == []


async def test_a_command_without_outcome_is_told_once_it_is_old_and_waits_nowhere(
    session: Connection, busy: str
) -> None:
    fresh, old, unsent = (ordered(busy, book(20, 21)) for _ in range(3))
    await accepted(session, fresh, timedelta(minutes=14))
    await accepted(session, old, timedelta(minutes=16))
    await accepted(session, unsent, timedelta(minutes=16))
    await session.execute("INSERT INTO command_outbox (command_id) VALUES ($1)", unsent.id)
    for page in (2_000, 1):
        assert await amiss(session, busy, page) == [("outcome", str(old.id), "missing")]


async def test_an_outcome_that_names_an_event_which_is_not_there_tells_of_the_event(
    session: Connection, database: Pool, ledger: Ledger, busy: str
) -> None:
    booked = ordered(busy, book(20, 21))
    await record(database, ledger, [booked])
    position = await session.fetchval("SELECT position FROM outcome WHERE command_id = $1", booked.id)
    await session.execute("DELETE FROM event WHERE hotel_id = $1 AND position = $2", busy, position)
    assert await amiss(session, busy) == [("event", f"{busy}/{position}", "missing")]


async def test_a_booking_that_succeeded_without_an_event_of_its_own_is_told(
    session: Connection, database: Pool, ledger: Ledger, busy: str
) -> None:
    booked = ordered(busy, book(20, 21))
    await record(database, ledger, [booked])
    await session.execute("UPDATE outcome SET position = position - 1 WHERE command_id = $1", booked.id)
    assert await amiss(session, busy) == [("outcome", str(booked.id), "different")]


@pytest.mark.parametrize("change", ["position = 0", "hotel_id = 'elsewhere'"])
async def test_an_outcome_of_nowhere_is_told(session: Connection, busy: str, change: str) -> None:
    key = await session.fetchval("SELECT command_id FROM event WHERE hotel_id = $1 AND position = 3", busy)
    await session.execute(f"UPDATE outcome SET {change} WHERE command_id = $1", key)  # noqa: S608
    assert await amiss(session, busy) == [("outcome", str(key), "different")]


async def test_an_outcome_of_what_was_never_accepted_is_told(session: Connection, busy: str) -> None:
    key = uuid4()
    await session.execute(
        "INSERT INTO outcome (command_id, hotel_id, status, position, code) VALUES ($1, $2, 'rejected', 2, 'x')",
        key,
        busy,
    )
    assert await amiss(session, busy) == [("command", str(key), "missing")]
