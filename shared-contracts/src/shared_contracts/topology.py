"""Names and shapes on the broker, as data. Both services and the broker's definitions come from here.

A hotel's messages all travel through one partition, and a partition is one queue of commands and one of events.
"""

from dataclasses import dataclass, field
from typing import Final
from zlib import crc32

Argument = str | int | bool | None

PARTITIONS: Final = 16
DELIVERY_LIMIT: Final = 1_000

COMMANDS_EXCHANGE: Final = "commands"
EVENTS_EXCHANGE: Final = "events"
UNDELIVERABLE_EXCHANGE: Final = "undeliverable"
UNDELIVERABLE_QUEUE: Final = "undeliverable"

_QUORUM: Final[dict[str, Argument]] = {
    "x-queue-type": "quorum",
    "x-single-active-consumer": True,
    "x-delivery-limit": DELIVERY_LIMIT,
    "x-dead-letter-exchange": UNDELIVERABLE_EXCHANGE,
    "x-dead-letter-strategy": "at-least-once",
    "x-overflow": "reject-publish",
}


@dataclass(frozen=True, slots=True)
class Exchange:
    """A durable exchange."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Queue:
    """A durable queue bound to one exchange by one key."""

    name: str
    exchange: str
    key: str
    arguments: dict[str, Argument] = field(default_factory=lambda: dict(_QUORUM))


def partition_of(hotel_id: str) -> int:
    """The partition that carries the hotel: the same on every machine and in every release, ``0 .. PARTITIONS - 1``."""
    return crc32(hotel_id.encode()) % PARTITIONS


def commands_key(partition: int) -> str:
    """The routing key of a partition's commands."""
    return f"{partition:02d}"


def events_key(partition: int, event_type: str) -> str:
    """The routing key of an event, so that others may bind queues to a type or a partition."""
    return f"{partition:02d}.{event_type}"


def commands_queue(partition: int) -> str:
    """The queue of a partition's commands."""
    return f"commands.{partition:02d}"


def events_queue(partition: int) -> str:
    """The query service's queue of a partition's events."""
    return f"events.{partition:02d}"


EXCHANGES: Final = (
    Exchange(COMMANDS_EXCHANGE, "direct"),
    Exchange(EVENTS_EXCHANGE, "topic"),
    Exchange(UNDELIVERABLE_EXCHANGE, "fanout"),
)
QUEUES: Final = (
    *(Queue(commands_queue(p), COMMANDS_EXCHANGE, commands_key(p)) for p in range(PARTITIONS)),
    *(Queue(events_queue(p), EVENTS_EXCHANGE, f"{p:02d}.*") for p in range(PARTITIONS)),
    Queue(UNDELIVERABLE_QUEUE, UNDELIVERABLE_EXCHANGE, "", {"x-queue-type": "quorum"}),
)
