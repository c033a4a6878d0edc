"""An answer in one write: its head and its body together, as the server writes them one after the other.

Each write is a call of the system and a packet, and the client is woken for both (decision 9).
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class OneWrite(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Serve the connection."""
        super().connection_made(Gathering(transport))


class Gathering(asyncio.Transport):
    """Hands on what is written in one turn of the loop as one, when the turn has ended; the rest is as it was."""

    def __init__(self, transport: asyncio.Transport) -> None:
        """Hand on to ``transport``."""
        super().__init__()
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._written: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Hand it on soon, in order."""
        if not self._written:
            self._loop.call_soon(self._hand_on)
        self._written.append(bytes(data))

    def close(self) -> None:
        """Hand on what was written, and close."""
        self._hand_on()
        self._transport.close()

    def abort(self) -> None:
        """Close, and forget what was written."""
        self._written.clear()
        self._transport.abort()

    def is_closing(self) -> bool:
        """As the other."""
        return self._transport.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """As the other."""
        return self._transport.get_extra_info(name, default)

    def pause_reading(self) -> None:
        """As the other."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """As the other."""
        self._transport.resume_reading()

    def _hand_on(self) -> None:
        if self._written:
            data = b"".join(self._written)
            self._written.clear()
            self._transport.write(data)
