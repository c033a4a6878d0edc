"""How a command or an event travels: its body, and around it what carrying and ordering it needs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from pydantic import Field, TypeAdapter, ValidationError

from shared_contracts.catalog import COMMANDS, EVENTS, TASKS, AnyCommand, AnyEvent
from shared_contracts.upcasts import upcast
from shared_contracts.values import HotelId

MAX_MESSAGE_BYTES: Final = 1_048_576


class UnreadableMessageError(ValueError):
    """The message is not one of ours, or of a version that this code does not know: park it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandEnvelope:
    """A command as it was accepted: ``id`` names it and its outcome, ``at`` is the UTC instant of acceptance."""

    id: UUID
    hotel_id: HotelId
    at: datetime
    principal: str
    correlation_id: UUID
    expected_version: int | None = None
    body: AnyCommand


@dataclass(frozen=True, slots=True, kw_only=True)
class EventEnvelope:
    """An event at its position in the hotel's stream; ``causation_id`` is the command, ``at`` its acceptance."""

    hotel_id: HotelId
    position: Annotated[int, Field(ge=1)]
    at: datetime
    principal: str
    correlation_id: UUID
    causation_id: UUID
    body: AnyEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class _CommandFrame:
    id: UUID
    type: str
    hotel_id: HotelId
    at: datetime
    principal: str
    correlation_id: UUID
    body: dict[str, Any]
    expected_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _EventFrame:
    type: str
    version: Annotated[int, Field(ge=1)]
    hotel_id: HotelId
    position: Annotated[int, Field(ge=1)]
    at: datetime
    principal: str
    correlation_id: UUID
    causation_id: UUID
    body: dict[str, Any]


_COMMAND_FRAME: Final = TypeAdapter(_CommandFrame)
_EVENT_FRAME: Final = TypeAdapter(_EventFrame)
_COMMAND_BODIES: Final[dict[str, TypeAdapter[AnyCommand]]] = {n: TypeAdapter(c) for n, c in COMMANDS.items()}
_EVENT_BODIES: Final[dict[str, TypeAdapter[AnyEvent]]] = {n: TypeAdapter(e) for n, e in EVENTS.items()}


def encode_command(envelope: CommandEnvelope) -> bytes:
    """The message of a command, in UTF-8 JSON."""
    return orjson.dumps(
        {
            "id": envelope.id,
            "type": TASKS[type(envelope.body)],
            "hotel_id": envelope.hotel_id,
            "at": envelope.at,
            "principal": envelope.principal,
            "correlation_id": envelope.correlation_id,
            "expected_version": envelope.expected_version,
            "body": envelope.body,
        },
    )


def encode_event(envelope: EventEnvelope) -> bytes:
    """The message of an event, in UTF-8 JSON; the same bytes are published and served by the feed."""
    return orjson.dumps(
        {
            "type": type(envelope.body).__name__,
            "version": envelope.body.version,
            "hotel_id": envelope.hotel_id,
            "position": envelope.position,
            "at": envelope.at,
            "principal": envelope.principal,
            "correlation_id": envelope.correlation_id,
            "causation_id": envelope.causation_id,
            "body": envelope.body,
        },
    )


def decode_command(message: bytes) -> CommandEnvelope:
    """The command in a message; ``UnreadableMessageError`` where there is none that this code knows."""
    try:
        frame = _COMMAND_FRAME.validate_json(_within_limit(message))
        body = _COMMAND_BODIES[frame.type].validate_python(frame.body)
    except KeyError as unknown:
        raise UnreadableMessageError(f"no such task: {unknown}") from None
    except ValidationError as invalid:
        raise UnreadableMessageError(_reason(invalid)) from None
    return CommandEnvelope(
        id=frame.id,
        hotel_id=frame.hotel_id,
        at=frame.at,
        principal=frame.principal,
        correlation_id=frame.correlation_id,
        expected_version=frame.expected_version,
        body=body,
    )


def decode_event(message: bytes) -> EventEnvelope:
    """The event in a message, in its current version; ``UnreadableMessageError`` where this code knows none."""
    try:
        frame = _EVENT_FRAME.validate_json(_within_limit(message))
        body = _EVENT_BODIES[frame.type].validate_python(upcast(frame.type, frame.version, frame.body))
    except KeyError as unknown:
        raise UnreadableMessageError(f"no such event: {unknown}") from None
    except ValidationError as invalid:
        raise UnreadableMessageError(_reason(invalid)) from None
    return EventEnvelope(
        hotel_id=frame.hotel_id,
        position=frame.position,
        at=frame.at,
        principal=frame.principal,
        correlation_id=frame.correlation_id,
        causation_id=frame.causation_id,
        body=body,
    )


def _within_limit(message: bytes) -> bytes:
    if len(message) > MAX_MESSAGE_BYTES:
        raise UnreadableMessageError(f"{len(message)} bytes are more than {MAX_MESSAGE_BYTES}")
    return message


def _reason(invalid: ValidationError) -> str:
    first = invalid.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"{'/'.join(map(str, first['loc'])) or 'message'}: {first['msg']}"
