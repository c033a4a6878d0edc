"""Each way in which the line can break, as both of its ends see it."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from harness.network_faults import (
    BlackHole,
    CutAfter,
    CutAt,
    Delay,
    Fault,
    HalfOpen,
    Refuse,
    Reset,
    Slice,
    Slow,
    Way,
)
from harness.proxy import Proxy, proxy_to
from harness.waiting import until

NOTHING_SECONDS = 0.2
End = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Echo:
    """Answers with what it hears; remembers it, and how often somebody came and left."""

    def __init__(self) -> None:
        self.heard = b""
        self.sizes: list[int] = []
        self.came = self.left = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came += 1
        try:
            while piece := await reader.read(65_536):
                self.heard += piece
                self.sizes.append(len(piece))
                writer.write(piece)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            self.left += 1
            writer.close()


@pytest.fixture
async def echo() -> Echo:
    return Echo()


@pytest.fixture
async def proxy(echo: Echo) -> AsyncIterator[Proxy]:
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with proxy_to(f"tcp://user:secret@127.0.0.1:{port}/path", random.Random(7)) as proxy:
        yield proxy
    server.close()


@asynccontextmanager
async def client(proxy: Proxy) -> AsyncIterator[End]:
    address = urlsplit(proxy.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def exchange(end: End, said: bytes) -> bytes:
    reader, writer = end
    writer.write(said)
    return await asyncio.wait_for(reader.readexactly(len(said)), 5)


async def nothing_comes(end: End) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(end[0].read(1), NOTHING_SECONDS)


async def is_reset(end: End) -> None:
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(end[0].read(), 5)


async def test_everything_passes_at_first_and_the_address_keeps_its_user_and_path(proxy: Proxy, echo: Echo) -> None:
    assert proxy.url.startswith("tcp://user:secret@127.0.0.1:")
    assert proxy.url.endswith("/path")
    async with client(proxy) as end:
        said = random.Random(1).randbytes(300_000)
        assert await exchange(end, said) == said
        assert (proxy.passing, proxy.accepted, proxy.cuts) == (2, 1, 0)
    await until(lambda: echo.left == 1 and proxy.passing == 0)


async def test_the_end_of_one_side_reaches_the_other_after_all_that_was_said(proxy: Proxy, echo: Echo) -> None:
    async with client(proxy) as (reader, writer):
        writer.write(b"last words")
        writer.write_eof()
        assert await asyncio.wait_for(reader.read(), 5) == b"last words"
    await until(lambda: proxy.passing == 0)


async def test_delay_makes_an_answer_late(proxy: Proxy) -> None:
    async with client(proxy) as end:
        proxy.break_with(Delay(0.1, jitter=0.05))
        began = time.monotonic()
        assert await exchange(end, b"hello") == b"hello"
        assert time.monotonic() - began >= 0.2


async def test_slow_lets_so_many_bytes_pass_a_second_until_it_is_healed(proxy: Proxy) -> None:
    async with client(proxy) as end:
        proxy.break_with(Slow(10_000))
        began = time.monotonic()
        assert len(await exchange(end, bytes(3_000))) == 3_000
        assert time.monotonic() - began >= 0.25
        end[1].write(bytes(300_000))
        await nothing_comes_but_a_little(end)
        proxy.heal()
        assert len(await asyncio.wait_for(end[0].readexactly(250_000), 10)) == 250_000


async def nothing_comes_but_a_little(end: End) -> None:
    await asyncio.sleep(NOTHING_SECONDS)
    assert len(await asyncio.wait_for(end[0].read(300_000), 5)) < 10_000


async def test_slice_cuts_what_is_said_into_small_pieces_and_loses_none(proxy: Proxy, echo: Echo) -> None:
    async with client(proxy) as end:
        proxy.break_with(Slice(3))
        assert await exchange(end, b"a rather long sentence" * 5) == b"a rather long sentence" * 5
        assert len(echo.sizes) > 10
        assert max(echo.sizes) < 60


async def test_cut_after_resets_both_ends_once_so_many_bytes_have_passed(proxy: Proxy, echo: Echo) -> None:
    async with client(proxy) as end:
        assert await exchange(end, b"before") == b"before"
        proxy.break_with(CutAfter(10))
        assert await exchange(end, b"seven b") == b"seven b"
        end[1].write(b"and eight more")
        await is_reset(end)
        await until(lambda: echo.left == 1)
        assert echo.heard == b"before" + b"seven b" + b"and"
        assert proxy.cuts == 1


@pytest.mark.parametrize("pieces", [[b"INSERT; COMMIT;"], [b"INSERT; COM", b"MIT;"], [b"INSERT; C", b"OMMI", b"T;"]])
async def test_a_cut_before_a_pattern_lets_what_stands_before_it_pass_and_never_the_whole(
    proxy: Proxy, echo: Echo, pieces: list[bytes]
) -> None:
    async with client(proxy) as end:
        proxy.break_with(CutAt(b"COMMIT"))
        for piece in pieces:
            end[1].write(piece)
            await asyncio.sleep(0.05)  # so that they come one by one
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(end[0].readexactly(100), 5)
        assert echo.heard.startswith(b"INSERT; ")
        assert b"COMMIT" not in echo.heard
    async with client(proxy) as end:
        assert await exchange(end, b"COMMIT") == b"COMMIT"  # it cuts once
    assert proxy.cuts == 1


async def test_a_cut_behind_a_pattern_loses_the_answer_to_it_alone(proxy: Proxy, echo: Echo) -> None:
    async with client(proxy) as end:
        proxy.break_with(CutAt(b"COMMIT", forwarded=True))
        assert await exchange(end, b"INSERT;") == b"INSERT;"
        end[1].write(b"COMMIT;")
        await is_reset(end)
        assert echo.heard == b"INSERT;COMMIT;"
        assert proxy.cuts == 1


async def test_a_pattern_on_the_way_back_is_cut_before_it_arrives(proxy: Proxy, echo: Echo) -> None:
    async with client(proxy) as end:
        proxy.break_with(CutAt(b"\x00\x3c\x00\x50", Way.DOWN))
        end[1].write(b"\x01\x00\x3c\x00\x50")
        await is_reset(end)
        assert echo.heard == b"\x01\x00\x3c\x00\x50"


async def test_reset_ends_what_is_open_and_whoever_comes_until_it_is_healed(proxy: Proxy, echo: Echo) -> None:
    async with client(proxy) as end:
        assert await exchange(end, b"hello") == b"hello"
        proxy.break_with(Reset())
        await is_reset(end)
        await until(lambda: echo.left == 1)
        async with client(proxy) as another:
            await is_reset(another)
        assert echo.came == 1
    proxy.heal()
    async with client(proxy) as end:
        assert await exchange(end, b"hello") == b"hello"


async def test_a_black_hole_keeps_connections_tells_nobody_and_gives_back_all_when_it_is_healed(
    proxy: Proxy, echo: Echo
) -> None:
    async with client(proxy) as end, client(proxy) as leaver:
        assert await exchange(end, b"hello") == b"hello"
        assert await exchange(leaver, b"hello") == b"hello"
        proxy.break_with(BlackHole())
        end[1].write(b"held")
        await nothing_comes(end)
        leaver[1].transport.abort()
        async with client(proxy) as new:
            new[1].write(b"new")
            await nothing_comes(new)
            assert (echo.heard, echo.came, echo.left) == (b"hellohello", 2, 0)
            proxy.heal()
            assert await asyncio.wait_for(new[0].readexactly(3), 5) == b"new"
        assert await asyncio.wait_for(end[0].readexactly(4), 5) == b"held"
        await until(lambda: echo.left == 2)


async def test_half_open_kills_one_direction(proxy: Proxy, echo: Echo) -> None:
    async with client(proxy) as end:
        proxy.break_with(HalfOpen(Way.DOWN))
        end[1].write(b"heard")
        await until(lambda: echo.heard == b"heard")
        await nothing_comes(end)
        proxy.break_with(HalfOpen(Way.UP))
        assert await asyncio.wait_for(end[0].readexactly(5), 5) == b"heard"
        end[1].write(b"unheard")
        await nothing_comes(end)
        assert echo.heard == b"heard"


async def test_refuse_resets_all_and_listens_to_nobody_until_it_is_healed(proxy: Proxy, echo: Echo) -> None:
    async with client(proxy) as end:
        assert await exchange(end, b"hello") == b"hello"
        proxy.break_with(Refuse())
        await is_reset(end)
        with pytest.raises(ConnectionRefusedError):
            async with client(proxy):
                pass
    proxy.heal()
    async with client(proxy) as end:
        assert await exchange(end, b"hello") == b"hello"


async def test_a_server_that_is_down_resets_whoever_comes() -> None:
    server = await asyncio.start_server(Echo().serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    async with proxy_to(f"tcp://127.0.0.1:{port}") as proxy, client(proxy) as end:
        await is_reset(end)


async def test_who_waits_for_an_answer_is_stuck_until_it_comes_or_he_leaves(proxy: Proxy) -> None:
    async with client(proxy) as idle, client(proxy) as patient, client(proxy) as leaver:
        for end in (idle, patient, leaver):
            assert await exchange(end, b"hello") == b"hello"
        proxy.break_with(BlackHole())
        patient[1].write(b"anybody?")
        leaver[1].write(b"anybody?")
        await until(lambda: len(proxy.stuck(NOTHING_SECONDS)) == 2)
        leaver[1].transport.abort()
        await until(lambda: len(proxy.stuck(NOTHING_SECONDS)) == 1)
        proxy.heal()
        assert await asyncio.wait_for(patient[0].readexactly(8), 5) == b"anybody?"
        await until(lambda: not proxy.stuck(0))


@pytest.mark.parametrize("fault", [BlackHole(), Slow(1), Delay(60)])
async def test_a_proxy_that_ends_drops_what_it_holds(echo: Echo, fault: Fault) -> None:
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with proxy_to(f"tcp://127.0.0.1:{port}") as proxy, client(proxy) as end:
        await exchange(end, b"hello")
        proxy.break_with(fault)
        end[1].write(b"held")
        await nothing_comes(end)
        await asyncio.wait_for(proxy.close(), 5)
        assert await asyncio.wait_for(end[0].read(), 5) == b""
    server.close()
