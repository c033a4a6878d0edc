"""A route whose endpoint reads its request by itself. As ``problem_handlers``, only for the APIs: they load FastAPI."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import request_response

Endpoint = Callable[[Request], Awaitable[Response]]


class DirectRoute(APIRoute):
    """Described by FastAPI and called by Starlette, as there is nothing to be solved for it (decision 9).

    What the endpoint raises is answered by the application's handlers, as everywhere.
    """

    def __init__(self, path: str, endpoint: Endpoint, **described: Any) -> None:
        """Take what ``APIRoute`` takes."""
        super().__init__(path, endpoint, **described)
        self.app = request_response(endpoint)
