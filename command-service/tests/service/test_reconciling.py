import asyncio
from dataclasses import replace
from datetime import date
from uuid import UUID, uuid4

import orjson
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all

from command_service.database import Connection, Pool
from command_service.differences import Report
from command_service.domain.hotel import opened
from command_service.ledger import Ledger
from command_service.reconciling import Reconciling
from command_service.repairing import Repairing
from command_service.stored_states import read_definition, write_definition
from damages import BEYOND_REPAIR, IN_THE_BOOKS, REPAIRABLE, Damage
from orders import OPEN, ordered
from recorded import record
from seaside import allow, book
from shared_contracts.hotels import RoomType
from test_properties import histories


async def look(session: Connection, hotel_id: str, page: int = 200) -> Report:
    return await Reconciling(session, page).hotel(hotel_id)


def named(report: Report) -> list[tuple[str, str]]:
    return [(difference.table, str(difference.kind)) for difference in report.differences]


async def test_tables_that_are_the_fold_of_their_events_show_no_drift(session: Connection, busy: str) -> None:
    report = await look(session, busy)
    assert (report.drift, report.fault, report.differences) == (0, None, [])
    tables = ("hotel", "reservation", "inventory", "room_span")
    counts = [await session.fetchval(f"SELECT count(*) FROM {name} WHERE hotel_id = $1", busy) for name in tables]  # noqa: S608
    assert report.rows == sum(counts) > 30
    assert (
        report.events
        == report.position
        == await session.fetchval("SELECT position FROM hotel WHERE hotel_id = $1", busy)
    )


@pytest.mark.parametrize("damage", [*REPAIRABLE, *IN_THE_BOOKS, *BEYOND_REPAIR], ids=lambda damage: damage.sql[:60])
async def test_each_damage_is_found_and_named(session: Connection, busy: str, damage: Damage) -> None:
    before = await look(session, busy)
    assert before.drift == 0
    await session.execute(damage.sql, busy)
    for page in (200, 1):
        report = await look(session, busy, page)
        assert named(report) == [(damage.table, damage.kind)]
        assert (report.drift, report.left > 0) == (1, True)
        assert (report.fault is not None) is (damage in BEYOND_REPAIR)


async def test_a_row_that_differs_is_named_by_its_key(session: Connection, busy: str) -> None:
    await session.execute(
        "DELETE FROM inventory WHERE hotel_id = $1 AND night = $2 AND room_type = 'DBL'", busy, date(2026, 12, 5)
    )
    [difference] = (await look(session, busy)).differences
    assert difference.key == f"{busy}/DBL/2026-12-05"


async def test_the_digest_is_that_of_the_rows_and_of_nothing_else(session: Connection, busy: str) -> None:
    first = await look(session, busy)
    again = await look(session, busy, 3)
    assert (first.digest, first.events_digest) == (again.digest, again.events_digest)
    async with session.transaction():
        await session.execute(
            "CREATE TEMPORARY TABLE moved ON COMMIT DROP AS SELECT * FROM inventory WHERE hotel_id = $1", busy
        )
        await session.execute("DELETE FROM inventory WHERE hotel_id = $1", busy)
        await session.execute("INSERT INTO inventory SELECT * FROM moved ORDER BY night DESC")
    assert (await look(session, busy)).digest == first.digest
    await session.execute("UPDATE inventory SET allowance = 1 WHERE hotel_id = $1 AND night = '2026-12-05'", busy)
    damaged = await look(session, busy)
    assert damaged.digest != first.digest
    assert damaged.events_digest == first.events_digest


def test_a_hotel_is_spelled_alike_in_every_process() -> None:
    """Strings hash differently in each, and what is kept by their hashes comes in another order."""
    kinds = tuple(RoomType(code=f"T{n}", name="Room", max_occupancy=2, rooms=()) for n in range(20))
    spelled = write_definition(opened("Many", "Europe/Lisbon", "EUR", date(2026, 12, 1), kinds))
    codes = [room_type["code"] for room_type in orjson.loads(spelled)["room_types"]]
    assert codes == sorted(room_type.code for room_type in kinds)
    assert write_definition(read_definition(spelled)) == spelled


async def test_a_hotel_that_is_only_registered_or_not_known_at_all_has_no_drift(
    session: Connection, registered: str
) -> None:
    for hotel_id in (registered, "nowhere"):
        report = await look(session, hotel_id)
        assert (report.drift, report.events) == (0, 0)


async def test_rows_of_a_hotel_without_events_are_unexpected(session: Connection) -> None:
    ghost = f"ghost-{uuid4().hex[:8]}"
    await session.execute("INSERT INTO inventory VALUES ($1, 'DBL', '2026-12-05', 0, 0, 2)", ghost)
    assert named(await look(session, ghost)) == [("inventory", "unexpected")]


async def test_while_the_hotel_goes_on_deciding_no_look_sees_a_difference_and_no_decision_waits(
    session: Connection, database: Pool, ledger: Ledger, busy: str
) -> None:
    done = asyncio.Event()

    async def desk() -> None:
        for n in range(60):
            await record(database, ledger, [ordered(busy, allow(4 + n, 10, 11)), ordered(busy, book(10, 11))])
        done.set()

    working = asyncio.create_task(desk())
    seen: list[int] = []
    while not done.is_set():
        report = await look(session, busy, 3)
        assert (report.drift, report.fault) == (0, None), report.differences
        seen.append(report.position)
    await working
    assert len(set(seen)) > 3


async def test_a_look_does_not_wait_for_a_decision_that_holds_the_lock(
    session: Connection, database: Pool, busy: str
) -> None:
    async with database.acquire() as other, other.transaction():
        await other.execute("SELECT FROM hotel WHERE hotel_id = $1 FOR UPDATE", busy)
        await other.execute("UPDATE inventory SET sold = 0 WHERE hotel_id = $1", busy)
        async with asyncio.timeout(5):
            assert (await look(session, busy)).drift == 0


@for_all(histories)
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
async def test_whatever_is_asked_in_whatever_order_the_tables_stay_the_fold_of_the_events(
    session: Connection, database: Pool, ledger: Ledger, history: list
) -> None:
    hotel_id = f"hotel-{uuid4().hex[:12]}"
    await session.execute("INSERT INTO hotel (hotel_id) VALUES ($1)", hotel_id)
    ids: dict[UUID, UUID] = {}
    commands = [ordered(hotel_id, OPEN)]
    for who, command in history:
        booked = ids.setdefault(who, uuid4())
        fresh = type(command).__name__ == "BookRoom" and booked not in {c.id for c in commands}
        about = replace(command, reservation_id=booked) if hasattr(command, "reservation_id") else command
        commands.append(ordered(hotel_id, about, booked if fresh else None))
    for start in range(0, len(commands), 7):
        await record(database, ledger, commands[start : start + 7])
    report = await look(session, hotel_id)
    assert (report.drift, report.fault) == (0, None), report.differences
    repaired = await Repairing(session).hotel(hotel_id, "eve", dry_run=True)
    assert (repaired.drift, repaired.digest) == (0, report.digest)
