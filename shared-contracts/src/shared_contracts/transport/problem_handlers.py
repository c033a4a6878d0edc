"""Makes every error of a FastAPI application a problem document. Not in ``problems``: only the APIs load FastAPI."""

from collections.abc import Mapping
from typing import Final, cast

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException
from starlette.responses import Response

from shared_contracts.transport.problems import Problem, ProblemError, field_errors, invalid_request, problem_response

log = structlog.get_logger()

_STATUS_CODES: Final[Mapping[int, str]] = {404: "not_found", 405: "method_not_allowed"}


def install(app: FastAPI) -> None:
    """Make every error of the app a problem document."""
    app.add_exception_handler(ProblemError, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(Exception, _on_fault)


def _on_problem(_: Request, error: Exception) -> Response:
    return problem_response(cast("ProblemError", error).problem)


def _on_invalid_request(_: Request, error: Exception) -> Response:
    details = cast("RequestValidationError", error).errors()
    return problem_response(invalid_request(field_errors(cast("list[ErrorDetails]", details), skip=1)))


def _on_fault(request: Request, error: Exception) -> Response:
    log.error("request_failed", path=request.url.path, method=request.method, exc_info=error)
    return problem_response(Problem(500, "internal_error", "This is our fault, and it has been logged"))


def _on_http_exception(_: Request, error: Exception) -> Response:
    http = cast("HTTPException", error)
    code = _STATUS_CODES.get(http.status_code, f"http_{http.status_code}")
    response = problem_response(Problem(http.status_code, code, http.detail))
    response.headers.update(http.headers or {})
    return response
