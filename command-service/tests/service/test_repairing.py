import asyncio
from uuid import uuid4

import pytest
import structlog

from command_service.batch import decide_all
from command_service.database import Connection, Pool
from command_service.differences import Report
from command_service.ledger import Ledger
from command_service.loading import load
from command_service.parked import NotPossibleError
from command_service.reconciling import Reconciling
from command_service.repairing import Repairing
from command_service.writing import write
from damages import BEYOND_REPAIR, IN_THE_BOOKS, REPAIRABLE, Damage
from harness.waiting import until
from orders import ordered
from recorded import record, tables_equal_the_fold_of_the_events
from seaside import book
from shared_contracts.envelope import CommandEnvelope


@pytest.mark.parametrize("damage", REPAIRABLE, ids=lambda damage: damage.sql[:60])
async def test_what_is_repaired_is_right_again_and_decides_on(
    session: Connection, database: Pool, ledger: Ledger, busy: str, damage: Damage
) -> None:
    right = await Reconciling(session).hotel(busy)
    await session.execute(damage.sql, busy)
    tried = await Repairing(session).hotel(busy, "eve", dry_run=True)
    assert (tried.drift, tried.repaired) == (1, 1)
    assert (await Reconciling(session).hotel(busy)).drift == 1
    report = await Repairing(session).hotel(busy, "eve", dry_run=False)
    assert (report.drift, report.repaired, report.left) == (1, 1, 0)
    after = await Reconciling(session).hotel(busy)
    assert (after.drift, after.digest, after.events_digest) == (0, right.digest, right.events_digest)
    await record(database, ledger, [ordered(busy, book(12, 14))])
    await tables_equal_the_fold_of_the_events(database, busy)


async def test_all_rows_lost_at_once_come_back_from_the_events(session: Connection, busy: str) -> None:
    right = await Reconciling(session).hotel(busy)
    for table in ("hotel", "reservation", "inventory", "room_span"):
        await session.execute(f"DELETE FROM {table} WHERE hotel_id = $1", busy)  # noqa: S608
    report = await Repairing(session, page=2).hotel(busy, "eve", dry_run=False)
    assert report.repaired >= right.rows
    assert (await Reconciling(session).hotel(busy)).digest == right.digest


async def test_rooms_that_were_swapped_are_swapped_back(session: Connection, busy: str) -> None:
    right = await Reconciling(session).hotel(busy)
    for a, b in (("101", "x"), ("102", "101"), ("x", "102")):
        await session.execute("UPDATE room_span SET room = $3 WHERE hotel_id = $1 AND room = $2", busy, a, b)
    await session.execute(
        "UPDATE room_span SET from_date = '2026-12-02', to_date = '2026-12-08' WHERE hotel_id = $1", busy
    )
    assert (await Repairing(session).hotel(busy, "eve", dry_run=False)).repaired == 2
    assert (await Reconciling(session).hotel(busy)).digest == right.digest


@pytest.mark.parametrize("damage", BEYOND_REPAIR, ids=lambda damage: damage.sql[:60])
async def test_a_repair_is_refused_where_the_events_cannot_be_folded(
    session: Connection, busy: str, damage: Damage
) -> None:
    await session.execute(damage.sql, busy)
    await session.execute("UPDATE inventory SET allowance = 1 WHERE hotel_id = $1", busy)
    with pytest.raises(NotPossibleError, match="restored"):
        await Repairing(session).hotel(busy, "eve", dry_run=False)
    assert await session.fetchval("SELECT min(allowance) FROM inventory WHERE hotel_id = $1", busy) == 1


async def test_a_repair_is_refused_where_the_last_events_are_lost(session: Connection, busy: str) -> None:
    """Or their positions would be given out a second time."""
    await session.execute(
        "DELETE FROM event WHERE hotel_id = $1 AND position = (SELECT max(position) FROM event WHERE hotel_id = $1)",
        busy,
    )
    position = await session.fetchval("SELECT position FROM hotel WHERE hotel_id = $1", busy)
    with pytest.raises(NotPossibleError, match="are lost"):
        await Repairing(session).hotel(busy, "eve", dry_run=False)
    assert await session.fetchval("SELECT position FROM hotel WHERE hotel_id = $1", busy) == position


async def test_a_repair_is_refused_where_a_tripwire_would_fire(session: Connection, database: Pool, busy: str) -> None:
    """The events themselves have sold one room too many: no table may say so."""
    row = await session.fetchrow(
        "SELECT * FROM event WHERE hotel_id = $1 AND type = 'RoomBooked' ORDER BY position LIMIT 1", busy
    )
    assert row is not None
    last = await session.fetchval("SELECT max(position) FROM event WHERE hotel_id = $1", busy)
    for n in range(1, 7):
        key = uuid4()
        message = (
            row["message"]
            .replace(str(row["command_id"]), str(key))
            .replace(f'"position":{row["position"]},', f'"position":{last + n},')
        )
        await session.execute(
            "INSERT INTO event (hotel_id, position, type, command_id, message) VALUES ($1, $2, 'RoomBooked', $3, $4)",
            busy,
            last + n,
            key,
            message,
        )
    before = await session.fetch("SELECT * FROM inventory WHERE hotel_id = $1 ORDER BY room_type, night", busy)
    for dry_run in (True, False):
        with pytest.raises(NotPossibleError, match="never_oversold"):
            await Repairing(session).hotel(busy, "eve", dry_run=dry_run)
    assert await session.fetch("SELECT * FROM inventory WHERE hotel_id = $1 ORDER BY room_type, night", busy) == before


@pytest.mark.parametrize("damage", IN_THE_BOOKS, ids=lambda damage: damage.sql[:60])
async def test_what_is_no_derived_row_is_left_and_said_to_be_left(
    session: Connection, busy: str, damage: Damage
) -> None:
    await session.execute(damage.sql, busy)
    report = await Repairing(session).hotel(busy, "eve", dry_run=False)
    assert (report.drift, report.repaired, report.left) == (1, 0, 1)


async def test_a_repair_waits_for_the_decision_in_hand_and_takes_its_event_in(
    session: Connection, database: Pool, busy: str
) -> None:
    await session.execute("UPDATE inventory SET allowance = 1 WHERE hotel_id = $1", busy)
    pid, mine = session.get_server_pid(), asyncio.Event()

    async def decision(command: CommandEnvelope) -> None:
        async with database.acquire() as other, other.transaction():
            standings, done = await load(other, [command])
            await write(other, decide_all(standings, done, [command]))
            await mine.wait()

    working = asyncio.create_task(decision(ordered(busy, book(20, 21))))
    await until(lambda: _holds_the_lock(database, busy))
    repair = asyncio.create_task(Repairing(session).hotel(busy, "eve", dry_run=False))
    await until(lambda: _waits(database, pid))
    before = await database.fetchval("SELECT max(position) FROM event WHERE hotel_id = $1", busy)
    mine.set()
    await working
    assert (await repair).position == before + 1
    assert named_tables(await Reconciling(session).hotel(busy)) <= {"command"}


async def _holds_the_lock(database: Pool, hotel_id: str) -> bool:
    """Whether somebody has the hotel's row, and has written what it decided."""
    free = await database.fetchval("SELECT 1 FROM hotel WHERE hotel_id = $1 FOR UPDATE SKIP LOCKED", hotel_id)
    return free is None


async def _waits(database: Pool, pid: int) -> bool:
    return await database.fetchval("SELECT wait_event_type FROM pg_stat_activity WHERE pid = $1", pid) == "Lock"


def named_tables(report: Report) -> set[str]:
    return {difference.table for difference in report.differences}


async def test_nobody_decides_for_the_hotel_while_it_is_repaired_and_both_are_right_in_the_end(
    session: Connection, database: Pool, ledger: Ledger, busy: str
) -> None:
    async def desk() -> None:
        for n in range(40):
            await record(database, ledger, [ordered(busy, book(10 + n % 10, 11 + n % 10))])

    working = asyncio.create_task(desk())
    while not working.done():
        await session.execute(
            "UPDATE inventory SET sell_limit = sell_limit + 1 WHERE hotel_id = $1 AND night = '2026-12-25'", busy
        )
        report = await Repairing(session, page=3).hotel(busy, "eve", dry_run=False)
        assert report.left == 0
    await working
    assert (await Reconciling(session).hotel(busy)).drift == 0


async def test_who_repaired_what_is_in_the_log(session: Connection, busy: str) -> None:
    await session.execute("DELETE FROM inventory WHERE hotel_id = $1", busy)
    with structlog.testing.capture_logs() as lines:
        report = await Repairing(session).hotel(busy, "eve", dry_run=False)
    [line] = [line for line in lines if line["event"] == "tables_repaired"]
    assert (line["operator"], line["hotel"], line["rows"], line["dry_run"]) == ("eve", busy, report.repaired, False)
