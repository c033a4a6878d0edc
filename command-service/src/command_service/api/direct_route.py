"""A route whose endpoint reads its request by itself."""

from typing import Any

from fastapi.routing import APIRoute
from starlette.routing import request_response

from command_service.api.commands import Endpoint


class DirectRoute(APIRoute):
    """Described by FastAPI and called by Starlette, as there is nothing to be solved for it (decision 9).

    What the endpoint raises is answered by the application's handlers, as everywhere.
    """

    def __init__(self, path: str, endpoint: Endpoint, **described: Any) -> None:
        """Take what ``APIRoute`` takes."""
        super().__init__(path, endpoint, **described)
        self.app = request_response(endpoint)
