"""One connection through a proxy: its two sockets, the bytes on their way, and who waits for whom."""

import asyncio
import random
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass, field
from fcntl import ioctl
from termios import FIONREAD
from typing import Final, Protocol

from harness.network_faults import Fault, Passed, Way, next_step, passed_on

PIECE_BYTES: Final = 65_536
BACKLOG: Final = 512
RESET: Final = struct.pack("ii", 1, 0)
ESTABLISHED: Final = 1


class Line(Protocol):
    """What a connection needs of its proxy."""

    fault: Fault
    rng: random.Random
    passed: int

    async def open_for(self, way: Way) -> None:
        """Return once bytes may pass that way."""

    async def unless_changed(self, seconds: float) -> bool:
        """Wait so long; false when the fault has become another."""
        ...

    def cut(self, crossing: "Crossing") -> None:
        """Reset both ends."""


@dataclass(slots=True, eq=False)
class Crossing:
    """Carries bytes both ways until either end is gone."""

    line: Line
    client: socket.socket
    server: socket.socket
    _passed: dict[Way, Passed] = field(default_factory=lambda: dict.fromkeys(Way, Passed()))
    _asked: bool = False
    _waits_since: float | None = None
    _answer_is_lost: bool = False
    _ways: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])

    def __post_init__(self) -> None:
        """Send what is to be sent at once."""
        for end in (self.client, self.server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def carry(self) -> None:
        """Forward until both ends are gone, or one was reset."""
        self._ways = [asyncio.create_task(self._forward(way)) for way in Way]
        try:
            await asyncio.wait(self._ways, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for way in self._ways:
                way.cancel()
            results = await asyncio.gather(*self._ways, return_exceptions=True)
            if any(isinstance(result, OSError) for result in results):
                self.reset()
            close(self.client)
            close(self.server)

    def begin_again(self) -> None:
        """Another fault begins: count what passes from now on."""
        self._passed = dict.fromkeys(Way, Passed())

    def look(self, now: float) -> None:
        """Note since when the client has waited for an answer."""
        held = _state(self.client) == ESTABLISHED
        if not held or not (self._asked or _pending(self.client)):
            self._waits_since = None
        elif self._waits_since is None:
            self._waits_since = now

    def waited(self, now: float) -> float:
        """For how many seconds the client has held the connection and waited for an answer."""
        return 0.0 if self._waits_since is None else now - self._waits_since

    def reset(self) -> None:
        """RST to both ends, now; nothing is carried any more."""
        reset(self.client)
        reset(self.server)
        for way in self._ways:
            way.cancel()

    async def _forward(self, way: Way) -> None:
        loop = asyncio.get_running_loop()
        source, sink = (self.client, self.server) if way is Way.UP else (self.server, self.client)
        while True:
            await self.line.open_for(way)
            try:
                piece = await loop.sock_recv(source, PIECE_BYTES)
            except OSError:
                await self.line.open_for(way)  # before that, the other end does not hear that this one is gone
                raise
            self._asked = self._asked or way is Way.UP
            await self.line.open_for(way)
            if not piece:
                with suppress(OSError):
                    sink.shutdown(socket.SHUT_WR)
                return
            if way is Way.DOWN:
                self._asked, self._waits_since = False, None
                if self._answer_is_lost:
                    self.line.cut(self)
                    return
            await self._send(way, sink, piece)

    async def _send(self, way: Way, sink: socket.socket, piece: bytes) -> None:
        """Send the piece as the fault has it, and its rest as the next fault has it when it changes meanwhile."""
        loop = asyncio.get_running_loop()
        while piece:
            await self.line.open_for(way)
            fault = self.line.fault
            step = next_step(fault, way, piece, self._passed[way], self.line.rng)
            if step.wait and not await self.line.unless_changed(step.wait):
                continue
            self._answer_is_lost = self._answer_is_lost or step.cut_answer
            sent, piece = piece[: step.count], piece[step.count :]
            if sent:
                await loop.sock_sendall(sink, sent)
                self.line.passed += len(sent)
                self._passed[way] = passed_on(fault, self._passed[way], sent)
            if step.cut:
                self.line.cut(self)
                raise ConnectionResetError("cut on purpose")


def listening(port: int) -> socket.socket:
    """A socket that listens on 127.0.0.1; 0 is any free port."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(BACKLOG)
    listener.settimeout(0)
    return listener


def reset(end: socket.socket) -> None:
    """RST, not FIN; again does nothing."""
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    close(end)


def close(end: socket.socket) -> None:
    """Close it, also while the loop waits for it; again does nothing."""
    if (number := end.fileno()) >= 0:
        loop = asyncio.get_running_loop()
        loop.remove_reader(number)
        loop.remove_writer(number)
        end.close()


def _state(end: socket.socket) -> int:
    """The state of a TCP connection as the kernel has it; 0 where it is closed here."""
    if end.fileno() < 0:
        return 0
    return end.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]


def _pending(end: socket.socket) -> int:
    """How many bytes have come that nobody has read."""
    return int.from_bytes(ioctl(end.fileno(), FIONREAD, bytes(4)), "little")
