"""The two kinds of unsent rows, and how a row becomes a message."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import asyncpg

from shared_contracts.topology import COMMANDS_EXCHANGE, EVENTS_EXCHANGE, commands_key, events_key, partition_of
from shared_contracts.transport.outgoing import Outgoing


@dataclass(frozen=True, slots=True)
class Outbox:
    """One kind of unsent rows: the names of its queries, and the message of a row."""

    kind: str
    unsent: str
    sent: str
    message: Callable[[asyncpg.Record], Outgoing]


def command_message(row: asyncpg.Record) -> Outgoing:
    """The message of a command row."""
    key = commands_key(partition_of(row["hotel_id"]))
    return Outgoing(COMMANDS_EXCHANGE, key, str(row["id"]), row["task"], row["message"].encode())


def event_message(row: asyncpg.Record) -> Outgoing:
    """The message of an event row."""
    key = events_key(partition_of(row["hotel_id"]), row["type"])
    name = f"{row['hotel_id']}/{row['position']}"
    return Outgoing(EVENTS_EXCHANGE, key, name, row["type"], row["message"].encode())


COMMANDS: Final = Outbox("command", "unsent_commands", "commands_sent", command_message)
EVENTS: Final = Outbox("event", "unsent_events", "events_sent", event_message)
