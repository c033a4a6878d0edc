"""What is on record after a run: all that the checks look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.history import History
from harness.tallies import Planted
from shared_contracts.envelope import EventEnvelope


@dataclass(frozen=True, slots=True)
class StoredOutcome:
    """A row of outcomes; ``nights`` are those that the refusal names."""

    command_id: str
    hotel_id: str
    status: str
    position: int
    code: str = ""
    nights: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event with the transaction that wrote it."""

    envelope: EventEnvelope
    transaction: str


@dataclass(frozen=True, slots=True)
class Parked:
    """What waits for an operator: command messages by body, accepted commands by id, event messages by name, hotels."""

    bodies: Sequence[bytes] = ()
    commands: Sequence[str] = ()
    messages: Sequence[str] = ()
    hotels: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """All of it, by the id of the command or of the hotel.

    ``waiting`` counts what is left in each outbox and queue; ``reports`` are those of ``query-service reconcile``;
    ``availability`` is what the query API answers of every night; ``sent_again`` counts the commands that a relay found
    lost and sent again.
    """

    history: History
    commands: Mapping[str, str] = field(default_factory=dict[str, str])
    outcomes: Mapping[str, StoredOutcome] = field(default_factory=dict[str, StoredOutcome])
    streams: Mapping[str, Sequence[StoredEvent]] = field(default_factory=dict[str, Sequence[StoredEvent]])
    heads: Mapping[str, int] = field(default_factory=dict[str, int])
    waiting: Mapping[str, int] = field(default_factory=dict[str, int])
    parked: Parked = field(default_factory=Parked)
    planted: Planted = field(default_factory=Planted)
    reports: Mapping[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    availability: Mapping[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    sent_again: int = 0
