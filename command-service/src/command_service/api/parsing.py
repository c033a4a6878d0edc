"""From bytes to accepted-to-be commands: everything that can be checked without data is checked here."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Final
from uuid import UUID

import orjson
from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import PydanticKnownError
from uuid_utils.compat import uuid7

from command_service.api.bodies import not_json, refuse_deep
from command_service.settings import MAX_BATCH_COMMANDS, MAX_POSITION
from shared_contracts.catalog import COMMANDS, AnyCommand
from shared_contracts.envelope import CommandEnvelope
from shared_contracts.transport.access import Principal
from shared_contracts.transport.problems import Problem, ProblemError, field_errors
from shared_contracts.values import REFUSE_UNKNOWN_FIELDS, HotelId

MAX_VERSION_DIGITS: Final = 18
UNKNOWN_HOTEL: Final = Problem(404, "unknown_hotel", "No such hotel has been opened here")
BODIES: Final[dict[str, TypeAdapter[AnyCommand]]] = {task: TypeAdapter(command) for task, command in COMMANDS.items()}
_UUID: Final = "[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_KEY: Final = re.compile(_UUID)
_KEY_HEADER: Final = re.compile(f'("?)({_UUID})\\1')


def _canonical(key: object) -> object:
    """Refuse the other spellings of a UUID, so that a key is one text in every language."""
    if isinstance(key, str) and _KEY.fullmatch(key):
        return key
    raise PydanticKnownError("uuid_parsing", {"error": "write 8-4-4-4-12 hexadecimal digits"})


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchItem:
    """One command of an ordered body."""

    __pydantic_config__: ClassVar[ConfigDict] = REFUSE_UNKNOWN_FIELDS

    task: str
    body: dict[str, Any]
    idempotency_key: Annotated[UUID, BeforeValidator(_canonical)] | None = None
    expected_version: Annotated[int, Field(strict=True, ge=0, le=MAX_POSITION)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Commands of one hotel, decided in this order."""

    __pydantic_config__: ClassVar[ConfigDict] = REFUSE_UNKNOWN_FIELDS

    commands: Annotated[list[Any], Field(min_length=1, max_length=MAX_BATCH_COMMANDS)]


_HOTEL_ID: Final = TypeAdapter(HotelId)
_BATCH: Final = TypeAdapter(Batch)
_ITEM: Final = TypeAdapter(BatchItem)


def parse_hotel_id(hotel_id: str) -> str:
    """The id from a path; ``ProblemError`` 404 for one that no hotel can have."""
    try:
        return _HOTEL_ID.validate_python(hotel_id)
    except ValidationError:
        raise ProblemError(UNKNOWN_HOTEL) from None


def parse_command(task: str, body: bytes) -> AnyCommand:
    """The command in a body; ``ProblemError`` 400 or 422 with pointers to what is wrong."""
    refuse_deep(body)
    try:
        return BODIES[task].validate_json(body, strict=True)
    except ValidationError as invalid:
        raise _invalid(invalid, body) from None


def parse_batch(body: bytes) -> list[Any]:
    """The items of an ordered body, not yet looked into; ``ProblemError`` 400 or 422."""
    refuse_deep(body)
    try:
        return _BATCH.validate_python(orjson.loads(body)).commands
    except orjson.JSONDecodeError as error:
        raise not_json(body, str(error)) from None
    except ValidationError as invalid:
        raise _invalid(invalid, body) from None


def parse_item(item: object) -> tuple[BatchItem, AnyCommand]:
    """One item and its command; ``ProblemError`` for that item alone, with pointers into its body (or the item)."""
    try:
        parsed = _ITEM.validate_python(item)
    except ValidationError as invalid:
        raise _invalid(invalid, b"") from None
    if parsed.task not in BODIES:
        raise unknown_task(parsed.task)
    try:
        return parsed, parse_command(parsed.task, orjson.dumps(parsed.body))
    except orjson.JSONEncodeError as error:
        raise not_json(b"", str(error)) from None


def unknown_task(task: str) -> ProblemError:
    """The problem of a task that nobody knows here."""
    return ProblemError(
        Problem(404, "unknown_task", "There is no such task", f"{task[:50]!r} is none of: {', '.join(BODIES)}")
    )


def parse_key(header: str | None) -> UUID | None:
    """The command id that the client chose; ``ProblemError`` 400 where it is no UUID in its usual spelling."""
    if header is None:
        return None
    key = _KEY_HEADER.fullmatch(header.strip())
    if key is None:
        raise ProblemError(Problem(400, "invalid_idempotency_key", "Idempotency-Key must be a UUID"))
    return UUID(key[2])


def parse_expected_version(header: str | None) -> int | None:
    """The position in ``If-Match``, as the documents tell it; ``ProblemError`` 400 where it is none."""
    if header is None:
        return None
    version = header.strip().strip('"')
    if not (version.isascii() and version.isdigit() and len(version) <= MAX_VERSION_DIGITS):
        problem = Problem(400, "invalid_if_match", "If-Match must be the position of the last event that you have seen")
        raise ProblemError(problem)
    return int(version)


def stamp(
    hotel_id: str, command: AnyCommand, key: UUID | None, expected_version: int | None, principal: Principal
) -> CommandEnvelope:
    """The command with its id and the instant of acceptance: the only place that makes either."""
    command_id = key or uuid7()
    return CommandEnvelope(
        id=command_id,
        hotel_id=hotel_id,
        at=datetime.now(UTC),  # noqa: TID251  # here it is stamped
        principal=principal.name,
        correlation_id=command_id,
        expected_version=expected_version,
        body=command,
    )


def _invalid(invalid: ValidationError, body: bytes) -> ProblemError:
    details = invalid.errors(include_url=False, include_input=False, include_context=False)
    if details[0]["type"] == "json_invalid":
        return not_json(body, details[0]["msg"])
    return ProblemError(Problem(422, "invalid_command", "The command is not valid", errors=field_errors(details)))
