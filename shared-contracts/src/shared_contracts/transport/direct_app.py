"""An application that calls its endpoints itself. As ``problem_handlers``, only for the APIs: they load FastAPI."""

from collections.abc import Awaitable
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from shared_contracts.transport.direct_paths import DirectPaths, Endpoint


class DirectApp(FastAPI):
    """Described by FastAPI; direct endpoints read their request by themselves, so there is nothing to solve for them.

    Nor do they need what else stands between a server and an endpoint, which takes longer than most of them (decision
    9): no middleware sees their requests, and a fault of theirs ends with its handler. All else is FastAPI's to answer.
    """

    def __init__(self, **described: Any) -> None:
        """Take what ``FastAPI`` takes."""
        self._direct = DirectPaths()
        super().__init__(**described)

    def add_direct_route(self, path: str, endpoint: Endpoint, method: str, **described: Any) -> None:
        """Have the endpoint called for this path; with GET also for HEAD, where the server leaves the body out."""
        self.router.add_api_route(path, endpoint, methods=[method], **described)
        for one in [method, "HEAD"] if method == "GET" else [method]:
            self._direct.add(one, path, endpoint)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        found = self._direct.find(scope["method"], scope["path"]) if scope["type"] == "http" else None
        if found is None:
            await super().__call__(scope, receive, send)
            return
        endpoint, scope["path_params"] = found
        request = Request(scope, receive, send)
        try:
            response = await endpoint(request)
        except Exception as error:  # noqa: BLE001  # each has a handler, which tells of it
            response = await self._answer_to(request, error)
            error.__traceback__ = None  # or it keeps the frames that know it, until cycles are looked for
        await response(scope, receive, send)

    async def _answer_to(self, request: Request, error: Exception) -> Response:
        kind = next((kind for kind in type(error).__mro__ if kind in self.exception_handlers), None)
        if kind is None:
            raise error
        answer: Any = self.exception_handlers[kind](request, error)
        response: Response = await answer if isinstance(answer, Awaitable) else answer
        return response
