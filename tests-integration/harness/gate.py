"""A TCP line that can freeze: both ends stay connected, and nothing passes until it thaws."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

PIECE = 65_536


class Gate:
    """Forwards every connection to one server while it is open."""

    def __init__(self, url: str) -> None:
        """Open; ``url`` is the server's, and ``self.url`` leads there through the gate."""
        self._target = urlsplit(url)
        self._open = asyncio.Event()
        self._open.set()
        self._passing: set[asyncio.Task[None]] = set()
        self.url = url

    def freeze(self) -> None:
        """Let nothing through."""
        self._open.clear()

    def thaw(self) -> None:
        """Let everything through, what has piled up first."""
        self._open.set()

    @property
    def passing(self) -> int:
        """How many ways, two a connection, are in use."""
        return sum(not way.done() for way in self._passing)

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward one connection both ways until either end is gone."""
        there, back = await asyncio.open_connection(self._target.hostname, self._target.port)
        ways = (self._forward(reader, back), self._forward(there, writer))
        self._passing |= {asyncio.ensure_future(way) for way in ways}

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await self._open.wait()
                piece = await reader.read(PIECE)
                await self._open.wait()
                if not piece:
                    break
                writer.write(piece)
                await writer.drain()
        except OSError:
            pass  # an end is gone, which is what this waits for
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def serve(self) -> asyncio.Server:
        """Listen on a free port."""
        server = await asyncio.start_server(self.connected, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        user = self._target.netloc.rpartition("@")[0]
        self.url = self._target._replace(netloc=f"{user}@127.0.0.1:{port}" if user else f"127.0.0.1:{port}").geturl()
        return server

    async def end(self) -> None:
        """Drop every connection."""
        for task in self._passing:
            task.cancel()
        await asyncio.gather(*self._passing, return_exceptions=True)


@asynccontextmanager
async def gate_to(url: str) -> AsyncIterator[Gate]:
    """A gate before the server of that URL."""
    gate = Gate(url)
    server = await gate.serve()
    try:
        yield gate
    finally:
        server.close()
        await gate.end()
