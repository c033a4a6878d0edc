"""An answer reaches the socket in one write, whatever uvicorn makes of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from harness.waiting import until
from shared_contracts.transport.one_write import MUCH_BYTES, Gathering, OneWrite


class Socket(asyncio.Transport):
    """What is done to it, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[bytes | str] = []

    def write(self, data: Any) -> None:
        self.done.append(data)

    def is_closing(self) -> bool:
        return False

    def resume_reading(self) -> None:
        pass

    def close(self) -> None:
        self.done.append("closed")

    def abort(self) -> None:
        self.done.append("aborted")


async def test_what_is_written_in_one_turn_is_handed_on_as_one() -> None:
    socket = Socket()
    gathering = Gathering(socket)
    gathering.write(b"head ")
    gathering.write(b"body")
    assert socket.done == [], "more may come"
    await asyncio.sleep(0)
    gathering.write(b"next")
    await asyncio.sleep(0)
    assert socket.done == [b"head body", b"next"]


async def test_what_is_much_is_handed_on_at_once() -> None:
    socket = Socket()
    gathering = Gathering(socket)
    gathering.write(b"head ")
    gathering.write(bytes(MUCH_BYTES))
    assert socket.done == [b"head " + bytes(MUCH_BYTES)]
    await asyncio.sleep(0)
    assert len(socket.done) == 1


async def test_what_was_written_goes_before_the_end() -> None:
    socket = Socket()
    gathering = Gathering(socket)
    gathering.write(b"goodbye")
    gathering.close()
    await asyncio.sleep(0)
    assert socket.done == [b"goodbye", "closed"]


async def test_who_aborts_sends_nothing() -> None:
    socket = Socket()
    gathering = Gathering(socket)
    gathering.write(b"never mind")
    gathering.abort()
    await asyncio.sleep(0)
    assert socket.done == ["aborted"]


class Watched(Gathering):
    """A real transport, and what is written to it."""

    def __init__(self, transport: asyncio.Transport, written: list[bytes]) -> None:
        super().__init__(transport)
        self._all = written

    def write(self, data: Any) -> None:
        self._all.append(data)
        super().write(data)


async def _body(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the body that it is sent."""
    body = (await receive())["body"]
    await Response(body, 200, {"ETag": "x"})(scope, receive, send)


class Client(asyncio.Protocol):
    """What it is sent, piece by piece."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.ended = False

    def data_received(self, data: bytes) -> None:
        self.pieces.append(data)

    def connection_lost(self, _: Exception | None) -> None:
        self.ended = True


@asynccontextmanager
async def connected(written: list[bytes]) -> AsyncIterator[tuple[Client, asyncio.Transport]]:
    class Watching(OneWrite):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(Watched(transport, written))

    config = uvicorn.Config(_body, http=Watching, host="127.0.0.1", port=0, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    transport, client = await asyncio.get_running_loop().create_connection(Client, "127.0.0.1", port)
    try:
        yield client, transport
    finally:
        transport.close()
        server.should_exit = True
        await serving


async def test_each_answer_is_one_write() -> None:
    written: list[bytes] = []
    async with connected(written) as (client, transport):
        for number in (1, 2):
            transport.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody")
            await until(lambda: b"".join(client.pieces).count(b"\r\n\r\nbody") == number)  # noqa: B023
    assert len(written) == 2
    assert all(one.startswith(b"HTTP/1.1 200") and one.endswith(b"\r\n\r\nbody") for one in written)


@pytest.mark.parametrize(
    ("said", "answered"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"HTTP/1.1 200"),
        (b"nonsense\r\n\r\n", b"HTTP/1.1 400"),
    ],
)
async def test_the_last_answer_comes_before_the_connection_ends(said: bytes, answered: bytes) -> None:
    async with connected([]) as (client, transport):
        transport.write(said)
        await until(lambda: client.ended)
        assert b"".join(client.pieces).startswith(answered)


async def test_who_asks_whether_to_go_on_is_told_so() -> None:
    async with connected([]) as (client, transport):
        transport.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        await until(lambda: bool(client.pieces))
        assert client.pieces[0].startswith(b"HTTP/1.1 100")
        transport.write(b"body")
        await until(lambda: b"".join(client.pieces).endswith(b"\r\n\r\nbody"))


def serving(socket: Socket) -> OneWrite:
    server = OneWrite(uvicorn.Config(_body, log_config=None), ServerState(), {})
    server.connection_made(socket)
    return server


async def test_who_says_no_more_is_owed_what_was_written() -> None:
    socket = Socket()
    server = serving(socket)
    server.transport.write(b"owed")
    server.eof_received()
    assert socket.done == [b"owed"], "before the loop closes the socket"


async def test_a_whole_answer_leaves_in_the_turn_that_ends_it() -> None:
    socket = Socket()
    server = serving(socket)
    server.transport.write(b"answer")
    server.on_response_complete()
    assert socket.done == [b"answer"]


async def test_what_was_written_to_a_caller_that_is_gone_is_forgotten() -> None:
    socket = Socket()
    server = serving(socket)
    server.transport.write(b"never heard")
    server.connection_lost(ConnectionResetError())
    await asyncio.sleep(0)
    assert b"never heard" not in socket.done
