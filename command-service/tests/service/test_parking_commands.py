import asyncpg
import orjson
import pytest

from command_service.database import Pool
from command_service.ledger import Ledger
from command_service.settings import MAX_ATTEMPTS
from faulty import Faulty, deciding, deliveries
from orders import ordered
from recorded import outcomes_of
from seaside import book
from shared_contracts.envelope import encode_command
from shared_contracts.transport.consuming import Delivery


@pytest.mark.usefixtures("quick_retries")
async def test_only_the_guilty_command_of_a_batch_fails_and_is_parked(
    ledger: Ledger, database: Pool, seaside: str
) -> None:
    before, guilty, after = (ordered(seaside, book(n, n + 1)) for n in (1, 2, 3))
    await deciding(Faulty(ledger, poison={guilty.id})).handle(deliveries(before, guilty, after))
    assert await outcomes_of(database, [before, guilty, after]) == [
        ("succeeded", None),
        ("failed", "unexpected_fault"),
        ("succeeded", None),
    ]
    parked = await database.fetchrow("SELECT * FROM parked WHERE command_id = $1", guilty.id)
    assert parked is not None
    assert (parked["queue"], parked["hotel_id"], parked["attempts"]) == ("commands.00", seaside, MAX_ATTEMPTS)
    assert orjson.loads(parked["body"])["id"] == str(guilty.id)
    attempt = await database.fetchrow("SELECT * FROM attempt WHERE command_id = $1", guilty.id)
    assert attempt is not None
    assert attempt["last_error"] == parked["reason"] == "ZeroDivisionError: a bug"


@pytest.mark.usefixtures("quick_retries")
async def test_a_statement_that_takes_too_long_is_a_fault_of_its_command_alone(
    ledger: Ledger, database: Pool, seaside: str
) -> None:
    guilty, other = (ordered(seaside, book(n, n + 1)) for n in (1, 2))
    faulty = Faulty(ledger, poison={guilty.id}, fault=asyncpg.QueryCanceledError("statement timeout"))
    await deciding(faulty).handle(deliveries(guilty, other))
    assert await outcomes_of(database, [guilty, other]) == [("failed", "unexpected_fault"), ("succeeded", None)]


@pytest.mark.usefixtures("quick_retries")
async def test_what_was_delivered_again_and_again_is_tried_alone_and_in_order(
    ledger: Ledger, database: Pool, seaside: str
) -> None:
    commands = [ordered(seaside, book(n, n + 1)) for n in range(1, 6)]
    fresh, suspects = deliveries(*commands[:2]), deliveries(*commands[2:4], count=2)
    faulty = Faulty(ledger)
    await deciding(faulty).handle([*fresh, *suspects, *deliveries(commands[4])])
    assert faulty.batches == [2, 1, 1, 1]
    assert await outcomes_of(database, commands) == [("succeeded", None)] * 5


@pytest.mark.usefixtures("quick_retries")
async def test_a_command_that_kills_its_worker_each_time_fails_at_last(
    ledger: Ledger, database: Pool, seaside: str
) -> None:
    guilty = ordered(seaside, book(2, 3))
    for _ in range(MAX_ATTEMPTS):
        await ledger.begin_attempt(guilty.id)
    faulty = Faulty(ledger)
    await deciding(faulty).handle(deliveries(guilty, count=MAX_ATTEMPTS))
    assert faulty.batches == []
    assert await outcomes_of(database, [guilty]) == [("failed", "unexpected_fault")]
    reason = await database.fetchval("SELECT reason FROM parked WHERE command_id = $1", guilty.id)
    assert "died" in reason


async def test_an_accepted_command_that_this_worker_cannot_read_fails_and_is_parked(
    ledger: Ledger, database: Pool, seaside: str
) -> None:
    command = ordered(seaside, book(1, 4))
    await database.execute(
        "INSERT INTO command (id, hotel_id, task, fingerprint, accepted_at, message)"
        " VALUES ($1, $2, 'paint-room', '', now(), '{}')",
        command.id,
        seaside,
    )
    message = orjson.dumps(orjson.loads(encode_command(command)) | {"type": "paint-room"})
    for _ in range(2):
        await deciding(Faulty(ledger)).handle([Delivery("commands.00", message, 1, 0, str(command.id))])
    assert await outcomes_of(database, [command]) == [("failed", "unreadable")]
    rows = await database.fetch("SELECT hotel_id, reason FROM parked WHERE command_id = $1", command.id)
    assert [(row["hotel_id"], "paint-room" in row["reason"]) for row in rows] == [(seaside, True)]
    for odd in ("", "7", "x" * 36, "00000000-0000-0000-0000-000000000000", "\N{SNOWMAN}"):
        await deciding(Faulty(ledger)).handle([Delivery("commands.00", b"?", 1, 0, odd)])


@pytest.mark.usefixtures("quick_retries")
async def test_attempts_are_counted_across_workers_that_died(ledger: Ledger, database: Pool, seaside: str) -> None:
    guilty = ordered(seaside, book(2, 3))
    for _ in range(MAX_ATTEMPTS):
        await ledger.begin_attempt(guilty.id)
    await deciding(Faulty(ledger, poison={guilty.id})).handle(deliveries(guilty))
    assert await outcomes_of(database, [guilty]) == [("failed", "unexpected_fault")]


async def test_a_message_that_is_no_command_is_parked_and_the_next_one_handled(
    ledger: Ledger, database: Pool, seaside: str
) -> None:
    good = ordered(seaside, book(1, 4))
    future = orjson.dumps(orjson.loads(encode_command(good)) | {"type": "paint-room"})
    junk = [b"\x00\xff not json", b"[]", future, b"x" * 2_000_000]
    before = await database.fetchval("SELECT count(*) FROM parked")
    await deciding(Faulty(ledger)).handle(deliveries(*junk, good))
    assert await outcomes_of(database, [good]) == [("succeeded", None)]
    reasons = await database.fetch("SELECT reason FROM parked ORDER BY id DESC LIMIT 4")
    assert await database.fetchval("SELECT count(*) FROM parked") == before + 4
    assert "paint-room" in " ".join(row["reason"] for row in reasons)
