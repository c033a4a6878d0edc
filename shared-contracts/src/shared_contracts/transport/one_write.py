"""An answer in one write: its head and its body together, as the server writes them one after the other.

Each write is a call of the system and a packet, and the client is woken for both (decision 9).
"""

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MUCH_BYTES: Final = 65_536


class OneWrite(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it."""

    gathering: "Gathering"

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Serve the connection."""
        self.gathering = Gathering(transport)
        super().connection_made(self.gathering)

    def on_response_complete(self) -> None:
        """Have the answer, which is whole, leave now."""
        self.gathering.hand_on()
        super().on_response_complete()

    def eof_received(self) -> None:
        """The caller says no more, and is still owed what was written: the loop closes the socket after this."""
        self.gathering.hand_on()
        super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody hears what was written."""
        self.gathering.forget()
        super().connection_lost(exc)


class Gathering(asyncio.Transport):
    """Hands on what is written as one: when it is told to, when much is there, and in the next turn of the loop."""

    def __init__(self, transport: asyncio.Transport) -> None:
        """Hand on to ``transport``."""
        super().__init__()
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._written: list[bytes] = []
        self._size = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Hand it on soon, in order."""
        if not self._written:
            self._loop.call_soon(self.hand_on)
        self._written.append(bytes(data))
        self._size += len(data)
        if self._size >= MUCH_BYTES:
            self.hand_on()

    def hand_on(self) -> None:
        """Hand on what was written, now."""
        if self._written:
            data = b"".join(self._written)
            self.forget()
            self._transport.write(data)

    def forget(self) -> None:
        """Never hand on what was written."""
        self._written.clear()
        self._size = 0

    def close(self) -> None:
        """Hand on what was written, and close."""
        self.hand_on()
        self._transport.close()

    def abort(self) -> None:
        """Close, and forget what was written."""
        self.forget()
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
