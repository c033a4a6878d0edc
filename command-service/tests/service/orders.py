"""Commands of the seaside hotel as they arrive at the worker, and as bodies for the API."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import orjson

from seaside import OPEN, book
from shared_contracts.catalog import AnyCommand
from shared_contracts.envelope import CommandEnvelope

__all__ = ["BOOK", "OPEN", "body_of", "book", "ordered"]

AT = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def ordered(hotel_id: str, command: AnyCommand, command_id: UUID | None = None) -> CommandEnvelope:
    """The command as an accepted one."""
    command_id = command_id or uuid4()
    return CommandEnvelope(
        id=command_id, hotel_id=hotel_id, at=AT, principal="test", correlation_id=command_id, body=command
    )


def body_of(command: AnyCommand) -> dict[str, Any]:
    """The command as a client would write it."""
    body: dict[str, Any] = orjson.loads(orjson.dumps(command))
    return body


BOOK = body_of(book(5, 8))
assert BOOK["stay"]["arrival"] == date(2026, 12, 5).isoformat()
