"""Problem documents (RFC 9457): the one shape in which either API says what is wrong with a request."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import orjson
from pydantic_core import ErrorDetails
from starlette.responses import Response

MEDIA_TYPE: Final = "application/problem+json"
MAX_FIELD_ERRORS: Final = 20

PROBLEM_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["type", "title", "status", "code", "retryable"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable, for programs."},
        "detail": {"type": "string"},
        "retryable": {"type": "boolean"},
        "errors": {
            "type": "array",
            "description": "Pointers are JSON pointers into the body (in a batch: the item's), or parameter names.",
            "items": {
                "type": "object",
                "properties": {name: {"type": "string"} for name in ("pointer", "code", "message")},
            },
        },
    },
}
"""What every problem document has; some problems have more."""

_CODES: Final[Mapping[str, str]] = {
    "missing": "missing",
    "missing_argument": "missing",
    "extra_forbidden": "unknown_field",
    "unexpected_keyword_argument": "unknown_field",
    "string_pattern_mismatch": "invalid_format",
    "greater_than_equal": "out_of_range",
    "less_than_equal": "out_of_range",
    "too_long": "out_of_range",
    "too_short": "out_of_range",
    "string_too_long": "out_of_range",
    "string_too_short": "out_of_range",
}
_CODES_BY_ENDING: Final[Mapping[str, str]] = {"_parsing": "invalid_format", "_type": "wrong_type"}


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong at one place: ``pointer`` is a JSON pointer into the body, or the name of a parameter."""

    pointer: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong: ``code`` is stable, for programs; ``detail`` says what to do; ``retry_after`` is in seconds.

    ``members`` are those that only this problem has; they cannot replace the others.
    """

    status: int
    code: str
    title: str
    detail: str = ""
    errors: tuple[FieldError, ...] = ()
    retry_after: int | None = None
    members: Mapping[str, object] = field(default_factory=dict)


class ProblemError(Exception):
    """Ends a request with a problem document."""

    def __init__(self, problem: Problem) -> None:
        """Carry the problem to the handler that answers with it."""
        super().__init__(problem.code)
        self.problem = problem


def invalid_request(errors: tuple[FieldError, ...]) -> Problem:
    """The problem of a request of which this is not valid."""
    return Problem(422, "invalid_request", "The request is not valid", errors=errors)


def problem_body(problem: Problem) -> dict[str, object]:
    """The members of the document; those without a value are left out."""
    body: dict[str, object] = {
        **problem.members,
        "type": f"urn:innkeep:problem:{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "code": problem.code,
        "retryable": problem.retry_after is not None,
    }
    if problem.detail:
        body["detail"] = problem.detail
    if problem.errors:
        body["errors"] = [asdict(error) for error in problem.errors]
    return body


def problem_response(problem: Problem) -> Response:
    """The HTTP response of a problem."""
    headers = {} if problem.retry_after is None else {"Retry-After": str(problem.retry_after)}
    return Response(orjson.dumps(problem_body(problem)), problem.status, headers, MEDIA_TYPE)


def field_errors(details: list[ErrorDetails], skip: int = 0) -> tuple[FieldError, ...]:
    """What a validation found, as pointers; ``skip`` leading parts of each location are left out."""
    return tuple(
        FieldError(
            "".join(f"/{_escaped(part)}" for part in detail["loc"][skip:]),
            _code_of(detail["type"]),
            detail["msg"].removeprefix("Value error, "),
        )
        for detail in details[:MAX_FIELD_ERRORS]
    )


def _escaped(part: int | str) -> str:
    """One part of a JSON pointer (RFC 6901)."""
    return str(part).replace("~", "~0").replace("/", "~1")


def _code_of(error_type: str) -> str:
    by_ending = (code for ending, code in _CODES_BY_ENDING.items() if error_type.endswith(ending))
    return _CODES.get(error_type) or next(by_ending, "invalid_value")
