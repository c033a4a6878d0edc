import pytest

from command_service.database import Pool
from command_service.ledger import Ledger
from command_service.parked import NotPossibleError, Parked
from orders import ordered
from seaside import book
from shared_contracts.envelope import CommandEnvelope, encode_command
from shared_contracts.transport.consuming import Delivery


@pytest.fixture
async def failed(ledger: Ledger, database: Pool, seaside: str) -> CommandEnvelope:
    """An accepted command that could not be decided."""
    command = ordered(seaside, book(1, 3))
    message = encode_command(command).decode()
    await database.execute(
        "INSERT INTO command (id, hotel_id, task, fingerprint, accepted_at, message)"
        " VALUES ($1, $2, 'book-room', '', now(), $3)",
        command.id,
        seaside,
        message,
    )
    await ledger.begin_attempt(command.id)
    await ledger.note_error(command.id, ZeroDivisionError("a bug"))
    await ledger.give_up("commands.05", command, 5)
    return command


async def parked_id(database: Pool, command: CommandEnvelope) -> int:
    return int(await database.fetchval("SELECT id FROM parked WHERE command_id = $1", command.id))


async def outcome(database: Pool, command: CommandEnvelope) -> str | None:
    status: str | None = await database.fetchval("SELECT status FROM outcome WHERE command_id = $1", command.id)
    return status


async def test_an_operator_sees_what_is_parked_and_why(database: Pool, failed: CommandEnvelope) -> None:
    parked = Parked(database)
    [record] = await parked.records(failed.hotel_id)
    assert (record["command_id"], record["reason"]) == (failed.id, "ZeroDivisionError: a bug")
    shown = await parked.record(record["id"])
    assert shown["body"].encode() == encode_command(failed)
    with pytest.raises(NotPossibleError):
        await parked.record(2**40)


async def test_a_command_that_is_tried_again_gets_a_new_outcome(
    ledger: Ledger, database: Pool, failed: CommandEnvelope
) -> None:
    parked, number = Parked(database), await parked_id(database, failed)
    assert str(failed.id) in await parked.retry(number, "eve", dry_run=True)
    assert await outcome(database, failed) == "failed"
    await parked.retry(number, "eve", dry_run=False)
    assert await outcome(database, failed) is None
    assert await database.fetchval("SELECT count(*) FROM command_outbox WHERE command_id = $1", failed.id) == 1
    await ledger.decide([failed])
    assert await outcome(database, failed) == "succeeded"
    with pytest.raises(NotPossibleError):
        await parked.retry(number, "eve", dry_run=False)


async def test_what_has_been_decided_is_not_tried_again(
    ledger: Ledger, database: Pool, failed: CommandEnvelope
) -> None:
    number = await parked_id(database, failed)
    await database.execute("DELETE FROM outcome WHERE command_id = $1", failed.id)
    await ledger.decide([failed])
    with pytest.raises(NotPossibleError, match="succeeded"):
        await Parked(database).retry(number, "eve", dry_run=False)
    assert await outcome(database, failed) == "succeeded"


async def test_what_is_dropped_is_forgotten_and_its_outcome_stays(database: Pool, failed: CommandEnvelope) -> None:
    parked, number = Parked(database), await parked_id(database, failed)
    await parked.drop(number, "eve", dry_run=True)
    assert len(await parked.records(failed.hotel_id)) == 1
    await parked.drop(number, "eve", dry_run=False)
    assert await parked.records(failed.hotel_id) == []
    assert await outcome(database, failed) == "failed"


async def test_a_message_that_was_never_accepted_can_only_be_dropped(ledger: Ledger, database: Pool) -> None:
    await ledger.park_unreadable(Delivery("commands.00", b"junk", 1), "not ours")
    number = int(await database.fetchval("SELECT max(id) FROM parked"))
    with pytest.raises(NotPossibleError, match="never accepted"):
        await Parked(database).retry(number, "eve", dry_run=False)
    await Parked(database).drop(number, "eve", dry_run=False)
