"""A keep-alive HTTP/1.1 connection that costs little, so that the load generator leaves the cores to what is measured.

httptools parses; one request at a time. The clients that people use cost four to ten times the processor time, and on
two cores that would be measured instead of the services.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Final

import httptools

CONNECT_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: its status, its body and its ``ETag``, if any."""

    status: int
    body: bytes
    etag: str = ""


@dataclass(slots=True)
class _Reading(asyncio.Protocol):
    """Collects one answer after the other; httptools calls the ``on_`` methods."""

    answered: asyncio.Future[Answer] | None = None
    _body: list[bytes] = field(default_factory=list)
    _etag: str = ""
    _parser: httptools.HttpResponseParser | None = None

    def data_received(self, data: bytes) -> None:
        if self._parser is None:
            self._parser = httptools.HttpResponseParser(self)
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.answered is not None and not self.answered.done():
            self.answered.set_exception(exc or ConnectionError("closed by the server"))

    def on_message_begin(self) -> None:
        self._body, self._etag = [], ""

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"etag":
            self._etag = value.decode()

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        if self._parser is not None and self.answered is not None and not self.answered.done():
            self.answered.set_result(Answer(self._parser.get_status_code(), b"".join(self._body), self._etag))


@dataclass(slots=True)
class Connection:
    """One connection to ``port`` of this machine; it connects again after it was lost."""

    port: int
    _transport: asyncio.Transport | None = None
    _reading: _Reading | None = None

    async def post(self, path: str, body: bytes, headers: str = "") -> Answer:
        """Send a JSON body; ``OSError`` where the connection is lost: nothing is known of it then."""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        )
        return await self._ask(f"{head}{headers}\r\n".encode() + body)

    async def get(self, path: str, headers: str = "") -> Answer:
        """Ask; ``headers`` are whole lines, each with its line end."""
        return await self._ask(f"GET {path} HTTP/1.1\r\nHost: bench\r\n{headers}\r\n".encode())

    def close(self) -> None:
        """Close it."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    async def _ask(self, request: bytes) -> Answer:
        loop = asyncio.get_running_loop()
        if self._transport is None or self._transport.is_closing() or self._reading is None:
            async with asyncio.timeout(CONNECT_SECONDS):
                self._transport, self._reading = await loop.create_connection(_Reading, "127.0.0.1", self.port)
        answered: asyncio.Future[Answer] = loop.create_future()
        self._reading.answered = answered
        self._transport.write(request)
        return await answered
