"""Reading a request's body: bounded, JSON, not too deep; anything else is a problem document."""

import asyncio
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

from command_service.settings import BODY_SECONDS, MAX_BODIES_IN_FLIGHT_BYTES, MAX_JSON_DEPTH, RETRY_AFTER_SECONDS
from shared_contracts.transport.problems import Problem, ProblemError

TOO_MUCH: Final = Problem(
    503,
    "not_accepted",
    "Not accepted now",
    "Too much is being sent at once; nothing is stored.",
    retry_after=RETRY_AFTER_SECONDS,
)
TOO_SLOW: Final = Problem(408, "body_too_slow", f"Send the whole body within {BODY_SECONDS} seconds")
_OPENING: Final = b"[{"
_CLOSING: Final = b"]}"


@dataclass(slots=True)
class Bodies:
    """Reads bodies; what has arrived of all of them is at most ``MAX_BODIES_IN_FLIGHT_BYTES``."""

    _held: int = 0

    async def read(self, request: Request, limit: int) -> bytes:
        """The body, at most ``limit`` bytes; ``ProblemError`` 408, 413, 415, or 503 where too much is in flight."""
        kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise ProblemError(Problem(415, "not_json", "Send application/json"))
        declared = request.headers.get("content-length", "0")
        if declared.isascii() and declared.isdigit() and int(declared) > limit:
            raise _too_large(limit)
        chunks: list[bytes] = []
        try:
            async with asyncio.timeout(BODY_SECONDS):
                await self._collect(request, limit, chunks)
        except TimeoutError:
            raise ProblemError(TOO_SLOW) from None
        finally:
            self._held -= sum(map(len, chunks))
        return b"".join(chunks)

    async def _collect(self, request: Request, limit: int, chunks: list[bytes]) -> None:
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                raise _too_large(limit)
            if self._held + len(chunk) > MAX_BODIES_IN_FLIGHT_BYTES:
                raise ProblemError(TOO_MUCH)
            self._held += len(chunk)
            chunks.append(chunk)


def refuse_deep(body: bytes) -> None:
    """``ProblemError`` 400 where arrays and objects are nested deeper than ``MAX_JSON_DEPTH``."""
    if body.count(b"[") + body.count(b"{") <= MAX_JSON_DEPTH:
        return
    depth = 0
    quoted = escaped = False
    for byte in body:
        if quoted:
            quoted = escaped or byte != ord('"')
            escaped = not escaped and byte == ord("\\")
        elif byte == ord('"'):
            quoted = True
        elif byte in _OPENING:
            depth += 1
            if depth > MAX_JSON_DEPTH:
                raise ProblemError(Problem(400, "too_deep", f"Nest at most {MAX_JSON_DEPTH} arrays and objects"))
        elif byte in _CLOSING:
            depth -= 1


def not_json(body: bytes, detail: str) -> ProblemError:
    """The problem of a body that no parser reads."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return ProblemError(Problem(400, "not_utf8", "The body is not UTF-8"))
    return ProblemError(Problem(400, "not_json", "The body is not JSON", detail))


def _too_large(limit: int) -> ProblemError:
    return ProblemError(Problem(413, "body_too_large", f"Send at most {limit} bytes"))
