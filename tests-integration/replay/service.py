"""One of Innkeep's two services, asked over HTTP until it answers: down, busy and broken off are waited out."""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx2
import orjson

PATIENCE_SECONDS: Final = 600.0
FIRST_PAUSE_SECONDS: Final = 0.2
LONGEST_PAUSE_SECONDS: Final = 5.0
CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 60.0

NOT_NOW: Final = frozenset({429, 502, 503, 504})
JSON: Final = {"Content-Type": "application/json"}


class ReplayError(Exception):
    """The replay cannot go on; the text says why and what to look at."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service at a URL. Everything that is asked may be asked twice, so whatever breaks off is asked again."""

    client: httpx2.AsyncClient
    url: str
    patience: float = PATIENCE_SECONDS

    async def get(
        self, path: str, params: Mapping[str, str | int] | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx2.Response:
        """The answer, whatever it says, but never that it is not possible now; ``ReplayError`` after ``patience``."""
        return await self._ask("GET", path, params=params, headers=headers)

    async def post(self, path: str, body: Any) -> httpx2.Response:
        """As ``get``, with a body that is the same however often it is sent."""
        return await self._ask("POST", path, content=orjson.dumps(body), headers=JSON)

    async def _ask(self, method: str, path: str, **request: Any) -> httpx2.Response:
        loop = asyncio.get_running_loop()
        until = loop.time() + self.patience
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                response = await self.client.request(method, f"{self.url}{path}", **request)
            except httpx2.TransportError as error:
                why, wanted = repr(error), 0.0
            else:
                if response.status_code not in NOT_NOW:
                    return response
                why, wanted = told(response), retry_after(response)
            if loop.time() > until:
                raise ReplayError(f"{self.url} has not answered {path} for {self.patience:.0f} s: {why}")
            await asyncio.sleep(max(wanted, pause * random.uniform(0.5, 1.0)))
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


def new_client(token: str | None) -> httpx2.AsyncClient:
    """A client for any number of hotels at once; ``token`` is sent along where there is one."""
    return httpx2.AsyncClient(
        headers={"Authorization": f"Bearer {token}"} if token else {},
        timeout=httpx2.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS, pool=None),
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=None),
        trust_env=False,
    )


def document(response: httpx2.Response, status: int = 200) -> dict[str, Any]:
    """The JSON object of an answer with that status; ``ReplayError`` that tells of any other."""
    if response.status_code != status:
        raise ReplayError(f"{response.request.url} answers {told(response)}")
    found: dict[str, Any] = orjson.loads(response.content)
    return found


def retry_after(response: httpx2.Response) -> float:
    """How many seconds the answer asks to wait, within reason."""
    said = response.headers.get("retry-after", "")
    return min(float(said), LONGEST_PAUSE_SECONDS) if said.isascii() and said.isdigit() else 0.0


def told(response: httpx2.Response) -> str:
    """What an answer says that was not hoped for, for people."""
    return f"{response.status_code} {response.text[:300]}"
