from uuid import uuid4

from command_service.database import Pool
from command_service.ledger import Ledger
from shared_contracts.transport.consuming import Delivery

PARKED = "SELECT count(*) FROM parked WHERE body = $1"


async def test_a_message_that_comes_again_because_its_worker_died_after_parking_it_is_parked_once(
    ledger: Ledger, database: Pool
) -> None:
    junk = f"junk {uuid4()}".encode()
    for times in range(3):
        await ledger.park_unreadable(Delivery("commands.00", junk, times + 1, times), "not ours")
    assert await database.fetchval(PARKED, junk) == 1


async def test_two_messages_that_read_the_same_are_both_parked(ledger: Ledger, database: Pool) -> None:
    junk = f"junk {uuid4()}".encode()
    for tag in (1, 2):
        await ledger.park_unreadable(Delivery("commands.00", junk, tag), "not ours")
    await ledger.park_unreadable(Delivery("commands.01", junk, 3, 1), "not ours")
    assert await database.fetchval(PARKED, junk) == 3
