"""Between the request and its endpoint: the question that is asked, and how it is described."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from shared_contracts.transport.direct_paths import Endpoint
from shared_contracts.transport.problems import FieldError, ProblemError, field_errors, invalid_request

Question = TypeVar("Question", bound=BaseModel)


def asking(question: type[Question], answer: Callable[[Request, Question], Awaitable[Response]]) -> Endpoint:
    """The endpoint that answers the question; ends with a problem 422 that says what of it is not valid."""

    async def endpoint(request: Request) -> Response:
        return await answer(request, asked(question, request))

    return endpoint


def asked(question: type[Question], request: Request) -> Question:
    """The question that the request asks, in its path and its query."""
    given: dict[str, str] = {**request.query_params}
    if twice := given.keys() & request.path_params.keys():
        errors = tuple(FieldError(f"/{name}", "unknown_field", "is in the path already") for name in sorted(twice))
        raise ProblemError(invalid_request(errors))
    try:
        return question.model_validate(given | request.path_params)
    except ValidationError as error:
        raise ProblemError(invalid_request(field_errors(error.errors(include_url=False)))) from None


def described(question: type[BaseModel], path: str) -> list[dict[str, Any]]:
    """The parameters of the question as OpenAPI 3.1 describes them, those of the path first."""
    schema = question.model_json_schema()
    parameters = [
        {
            "name": name,
            "in": "path" if f"{{{name}}}" in path else "query",
            "required": name in schema["required"],
            "description": field["description"],
            "schema": field,
        }
        for name, field in schema["properties"].items()
    ]
    return sorted(parameters, key=lambda parameter: parameter["in"] != "path")
