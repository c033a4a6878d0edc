"""A TCP line of our own between a client and a server, which can be broken in every way while connections live."""

import asyncio
import random
import socket
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

from harness.crossing import Crossing, close, listening, reset
from harness.network_faults import BlackHole, CutAt, Fault, Pass, Refuse, Reset, Way, stops

CONNECT_SECONDS: Final = 5.0
WATCH_SECONDS: Final = 0.1


class Proxy:
    """Forwards every connection to one server, as the fault of the moment lets it; nothing is wrong at first.

    ``url`` leads to the server through here. ``cuts`` counts connections that a fault has reset, ``accepted`` all;
    ``passed`` counts bytes.
    """

    def __init__(self, url: str, rng: random.Random | None = None) -> None:
        """Remember the server's URL; every choice comes from the dice."""
        self._target = urlsplit(url)
        self.rng = rng or random.Random(0)
        self.url = url
        self.fault: Fault = Pass()
        self.began = time.monotonic()
        self.accepted = 0
        self.cuts = 0
        self.passed = 0
        self.crossings: set[Crossing] = set()
        self._changed = asyncio.Event()
        self._listener: socket.socket | None = None
        self._port = 0
        self._accepting: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def passing(self) -> int:
        """How many ways, two a connection, are in use."""
        return 2 * len(self.crossings)

    async def begin(self) -> None:
        """Listen on a free port, the same one from now on."""
        self._listen()
        port = self._port
        user = self._target.netloc.rpartition("@")[0]
        self.url = self._target._replace(netloc=f"{user}@127.0.0.1:{port}" if user else f"127.0.0.1:{port}").geturl()
        self._run(self._watch())

    def break_with(self, fault: Fault) -> None:
        """From now on this is wrong with every connection, also with those that are open."""
        refused = isinstance(self.fault, Refuse)
        self.fault, self.began = fault, time.monotonic()
        if isinstance(fault, Reset | Refuse):
            for crossing in list(self.crossings):
                self.cut(crossing)
        if isinstance(fault, Refuse):
            self._listen_no_more()
        elif refused and not isinstance(fault, Refuse):
            self._listen()
        for crossing in self.crossings:
            crossing.begin_again()
        self._changed.set()
        self._changed = asyncio.Event()

    def heal(self) -> None:
        """Let everything through again, what has piled up first."""
        self.break_with(Pass())

    def freeze(self) -> None:
        """Let nothing through."""
        self.break_with(BlackHole())

    def thaw(self) -> None:
        """As ``heal``."""
        self.heal()

    def stuck(self, seconds: float) -> list[Crossing]:
        """The connections whose client still holds them though it has waited for an answer longer than that."""
        now = time.monotonic()
        return [crossing for crossing in self.crossings if crossing.waited(now) > seconds]

    def cut(self, crossing: Crossing) -> None:
        """Reset both ends of a connection."""
        self.cuts += 1
        if isinstance(self.fault, CutAt):
            self.fault = replace(self.fault, times=self.fault.times - 1)
        crossing.reset()

    async def open_for(self, way: Way) -> None:
        """Return once bytes may pass that way."""
        while stops(self.fault, way):
            await self._changed.wait()

    async def unless_changed(self, seconds: float) -> bool:
        """Wait so long; false, and at once, when the fault has become another."""
        changed = self._changed
        try:
            async with asyncio.timeout(seconds):
                await changed.wait()
        except TimeoutError:
            return True
        return False

    async def end(self) -> None:
        """Reset every connection that is open; others may come."""
        for crossing in list(self.crossings):
            crossing.reset()

    async def close(self) -> None:
        """Listen no more and drop every connection."""
        self._listen_no_more()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _listen(self) -> None:
        self._listener = listening(self._port)
        self._port = self._listener.getsockname()[1]
        self._accepting = self._run(self._accept(self._listener))

    def _listen_no_more(self) -> None:
        if self._listener is not None and self._accepting is not None:
            self._accepting.cancel()
            close(self._listener)
            self._listener = None

    async def _accept(self, listener: socket.socket) -> None:
        while True:
            client, _ = await asyncio.get_running_loop().sock_accept(listener)
            self._run(self._cross(client))

    async def _cross(self, client: socket.socket) -> None:
        """Carry one connection to its end."""
        self.accepted += 1
        if isinstance(self.fault, Reset | Refuse):
            self.cuts += 1
            reset(client)
            return
        server = socket.socket()
        server.settimeout(0)
        try:
            await self.open_for(Way.UP)
            async with asyncio.timeout(CONNECT_SECONDS):
                await asyncio.get_running_loop().sock_connect(server, (self._target.hostname, self._target.port))
        except (OSError, TimeoutError, asyncio.CancelledError):
            reset(client)
            reset(server)
            return
        crossing = Crossing(self, client, server)
        if isinstance(self.fault, Reset | Refuse):  # it has come while this was connecting
            self.cut(crossing)
            return
        self.crossings.add(crossing)
        try:
            await crossing.carry()
        finally:
            self.crossings.discard(crossing)

    async def _watch(self) -> None:
        while True:
            for crossing in self.crossings:
                crossing.look(time.monotonic())
            await asyncio.sleep(WATCH_SECONDS)

    def _run(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


@asynccontextmanager
async def proxy_to(url: str, rng: random.Random | None = None) -> AsyncIterator[Proxy]:
    """A proxy before the server of that URL."""
    proxy = Proxy(url, rng)
    await proxy.begin()
    try:
        yield proxy
    finally:
        await proxy.close()
