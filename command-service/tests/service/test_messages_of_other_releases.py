"""A worker that meets commands of an older or of a newer release: it reads what can be read, and parks the rest."""

from typing import Any
from uuid import uuid4

import orjson
import pytest

from command_service.database import Pool
from command_service.ledger import Ledger
from faulty import Faulty, deciding, deliveries
from orders import ordered
from recorded import outcomes_of
from seaside import book
from versions.folder import Version, versions


def to(hotel_id: str, message: bytes, **change: Any) -> bytes:
    """The message as if another client had sent it to another hotel."""
    return orjson.dumps(orjson.loads(message) | {"id": str(uuid4()), "hotel_id": hotel_id} | change)


@pytest.mark.parametrize("version", versions(), ids=lambda version: version.name)
async def test_every_command_of_any_release_has_an_outcome(
    ledger: Ledger, database: Pool, seaside: str, version: Version
) -> None:
    messages = [to(seaside, message) for message in version.commands]
    await deciding(Faulty(ledger)).handle(deliveries(*messages))
    ids = [orjson.loads(message)["id"] for message in messages]
    rows = await database.fetch("SELECT status FROM outcome WHERE command_id = ANY ($1::uuid[])", ids)
    assert len(rows) == len(ids)
    assert "failed" not in {row["status"] for row in rows}


@pytest.mark.parametrize("change", ["an unknown type", "an unknown field"])
async def test_a_command_with_what_it_does_not_know_is_parked_and_the_others_are_decided(
    ledger: Ledger, database: Pool, seaside: str, change: str
) -> None:
    first, last = ordered(seaside, book(1, 2)), ordered(seaside, book(2, 3))
    newer = []
    for message in versions()[-1].commands:
        body = orjson.loads(message)["body"]
        changes = {"type": "sell-hotel"} if change == "an unknown type" else {"body": {**body, "loyalty_tier": "gold"}}
        newer.append(to(seaside, message, **changes))
    await deciding(Faulty(ledger)).handle(deliveries(first, *newer, last))
    assert await outcomes_of(database, [first, last]) == [("succeeded", None)] * 2
    for message in newer:
        reason = await database.fetchval("SELECT reason FROM parked WHERE body = $1", message)
        assert ("sell-hotel" if change == "an unknown type" else "loyalty_tier") in reason
