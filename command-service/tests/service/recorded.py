"""What is recorded of a hotel, read back; and commands recorded as accepted ones are."""

from collections.abc import Sequence

from command_service.acceptance import incoming
from command_service.database import Pool
from command_service.domain.decider import fold
from command_service.domain.hotel import OpenedHotel
from command_service.domain.house import House
from command_service.domain.inventory import NightCount
from command_service.domain.reservation import STATUS
from command_service.ledger import Ledger
from command_service.stored_states import read_reservation
from shared_contracts.catalog import AnyEvent
from shared_contracts.envelope import CommandEnvelope, decode_event


async def events_of(database: Pool, hotel_id: str) -> list[AnyEvent]:
    rows = await database.fetch("SELECT position, message FROM event WHERE hotel_id = $1 ORDER BY position", hotel_id)
    envelopes = [decode_event(row["message"].encode()) for row in rows]
    assert [e.position for e in envelopes] == list(range(1, len(rows) + 1)) == [row["position"] for row in rows]
    return [e.body for e in envelopes]


async def tables_equal_the_fold_of_the_events(database: Pool, hotel_id: str) -> House:
    house = fold(await events_of(database, hotel_id))
    rows = await database.fetch("SELECT * FROM reservation WHERE hotel_id = $1", hotel_id)
    assert {row["reservation_id"]: read_reservation(row["status"], row["state"]) for row in rows} == dict(
        house.reservations
    )
    assert {row["reservation_id"]: row["status"] for row in rows} == {
        key: STATUS[type(state)] for key, state in house.reservations.items()
    }
    rows = await database.fetch("SELECT * FROM inventory WHERE hotel_id = $1", hotel_id)
    counts = {(row["room_type"], row["night"]): NightCount(row["sold"], row["allowance"]) for row in rows}
    assert counts == dict(house.inventory)
    rows = await database.fetch("SELECT * FROM room_span WHERE hotel_id = $1", hotel_id)
    assert {
        (row["room"], row["from_date"], row["to_date"], row["reservation_id"], row["occupied"]) for row in rows
    } == {
        (span.room, span.from_date, span.to_date, span.reservation_id, span.occupied)
        for spans in house.calendars.values()
        for span in spans
    }
    business_date = await database.fetchval("SELECT business_date FROM hotel WHERE hotel_id = $1", hotel_id)
    assert isinstance(house.hotel, OpenedHotel)
    assert house.hotel.business_date == business_date
    return house


async def outcomes_of(database: Pool, commands: Sequence[CommandEnvelope]) -> list[tuple[str, str | None]]:
    rows = await database.fetch(
        "SELECT command_id, status, code FROM outcome WHERE command_id = ANY ($1::uuid[])", [c.id for c in commands]
    )
    found = {row["command_id"]: (row["status"], row["code"]) for row in rows}
    return [found[command.id] for command in commands]


async def record(database: Pool, ledger: Ledger, commands: Sequence[CommandEnvelope]) -> None:
    """Accept the commands, as the API would, and decide them."""
    rows = [incoming(command) for command in commands]
    await database.executemany(
        "INSERT INTO command (id, hotel_id, task, fingerprint, accepted_at, message) VALUES ($1, $2, $3, $4, $5, $6)",
        [(row.id, row.hotel_id, row.task, row.fingerprint, row.at, row.message) for row in rows],
    )
    await ledger.decide(commands)
