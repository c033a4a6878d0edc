import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2
import pytest
from pydantic import SecretStr

from command_service.database import Pool, pool
from harness.waiting import until
from orders import BOOK
from running import command_api
from shared_contracts.transport.access import Access

BOOKING: dict[str, Any] = {"task": "book-room", "body": BOOK}
SOON = 15


class Wire:
    """What lies between a client and its server, and can freeze."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.flows = asyncio.Event()
        self.flows.set()
        self.tasks: set[asyncio.Task[None]] = set()

    async def join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(self.host, self.port)
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(self.carry(source, sink))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while chunk := await source.read(65_536):
                await self.flows.wait()
                sink.write(chunk)
        finally:
            sink.close()


@asynccontextmanager
async def wire_to(postgres_url: str) -> AsyncIterator[tuple[Wire, SecretStr]]:
    url = urlsplit(postgres_url)
    wire = Wire(url.hostname or "", url.port or 0)
    server = await asyncio.start_server(wire.join, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield wire, SecretStr(postgres_url.replace(f"{url.hostname}:{url.port}", f"127.0.0.1:{port}"))
    wire.flows.set()
    server.close()
    await asyncio.gather(*wire.tasks, return_exceptions=True)


async def test_who_waits_is_answered_when_the_process_stops(database: Pool, seaside: str) -> None:
    stop, wait = asyncio.Event(), {"Prefer": "wait=20"}
    path = f"/v1/hotels/{seaside}/commands/book-room"
    async with command_api(database, Access(None), stop) as client:
        command_id = (await client.post(path, json=BOOK)).json()["command_id"]
        sent = asyncio.create_task(client.post(path, json=BOOK, headers=wait))
        asked = asyncio.create_task(client.get(f"/v1/commands/{command_id}", headers=wait))
        await asyncio.sleep(0.3)
        assert not sent.done()
        stop.set()
        async with asyncio.timeout(SOON):
            receipt, status = await asyncio.gather(sent, asked)
            late = await client.post(path, json=BOOK, headers=wait)
            late_status = await client.get(f"/v1/commands/{command_id}", headers=wait)
    assert (receipt.status_code, receipt.json()["status"]) == (202, "accepted")
    assert (status.status_code, status.json()["status"]) == (200, "accepted")
    assert (late.status_code, late.json()["code"]) == (503, "not_accepted")
    assert late_status.json() == status.json()


async def test_reads_end_while_the_database_hangs(
    postgres_url: str, seaside: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [f"/v1/commands/{uuid4()}", f"/v1/hotels/{seaside}/events", "/v1/hotels/positions"]
    async with (
        wire_to(postgres_url) as (wire, url),
        pool(url, "innkeep-tests", 2) as hanging,
        command_api(hanging, Access(None)) as client,
    ):
        assert [(await client.get(path)).status_code for path in paths] == [404, 200, 200]
        monkeypatch.setattr("command_service.api.reads.READ_SECONDS", 0.3)
        wire.flows.clear()
        async with asyncio.timeout(SOON):
            for _ in range(3):
                answers = await asyncio.gather(*(client.get(path) for path in paths))
                assert [answer.status_code for answer in answers] == [503, 503, 503]
                assert {answer.headers["retry-after"] for answer in answers} == {"2"}
        wire.flows.set()
        async with asyncio.timeout(SOON):
            while (await client.get(paths[1])).status_code != 200:
                pass


async def test_reads_that_hang_leave_a_connection_to_acceptance(
    postgres_url: str, database: Pool, seaside: str
) -> None:
    path = f"/v1/hotels/{seaside}/commands/book-room"
    async with (
        pool(SecretStr(postgres_url), "innkeep-tests", 2) as small,
        command_api(small, Access(None)) as client,
    ):
        async with database.acquire() as connection, connection.transaction():
            await connection.execute("LOCK TABLE outcome IN ACCESS EXCLUSIVE MODE")
            reading = [asyncio.create_task(client.get(f"/v1/commands/{uuid4()}")) for _ in range(20)]
            await asyncio.sleep(0.3)
            async with asyncio.timeout(SOON):
                assert (await client.post(path, json=BOOK)).status_code == 202
        assert {answer.status_code for answer in await asyncio.gather(*reading)} == {404}


async def test_only_so_many_reads_are_under_way(
    api: httpx2.AsyncClient, database: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("command_service.api.reads.MAX_READS", 3)
    async with database.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE outcome IN ACCESS EXCLUSIVE MODE")
        reading = [asyncio.create_task(api.get(f"/v1/commands/{uuid4()}")) for _ in range(5)]
        await until(lambda: sum(task.done() for task in reading) == 2)
        assert sorted(task.result().status_code for task in reading if task.done()) == [503, 503]
    assert sorted([answer.status_code for answer in await asyncio.gather(*reading)]) == [404] * 3 + [503] * 2


async def test_a_refusal_for_now_names_the_key_to_come_back_with(
    api: httpx2.AsyncClient, seaside: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/v1/hotels/{seaside}/commands"
    items = {"commands": [BOOKING, {"task": "juggle", "body": {}}, BOOKING]}
    with monkeypatch.context() as full:
        full.setattr("command_service.acceptance.ACCEPT_QUEUE_COMMANDS", 0)
        one = await api.post(f"{path}/book-room", json=BOOK)
        many = await api.post(path, json=items)
    assert (one.status_code, many.status_code) == (503, 503)
    assert "Idempotency-Key" in one.json()["detail"]
    again = await api.post(f"{path}/book-room", json=BOOK, headers={"Idempotency-Key": one.json()["command_id"]})
    assert (again.status_code, again.json()["command_id"]) == (202, one.json()["command_id"])
    first, invalid, last = many.json()["command_ids"]
    assert invalid is None
    keyed = [BOOKING | {"idempotency_key": key} for key in (first, last)]
    answers = (await api.post(path, json={"commands": keyed})).json()["answers"]
    assert [answer["command_id"] for answer in answers] == [first, last]


async def test_half_sent_bodies_do_not_fill_the_memory(
    api: httpx2.AsyncClient, seaside: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("command_service.api.bodies.MAX_BODIES_IN_FLIGHT_BYTES", 1_000)
    begun, rest = asyncio.Event(), asyncio.Event()

    async def half() -> AsyncIterator[bytes]:
        yield b" " * 900
        begun.set()
        await rest.wait()
        yield b"{}"

    path = f"/v1/hotels/{seaside}/commands/book-room"
    slow = asyncio.create_task(api.post(path, content=half()))
    await until(begun.is_set)
    refused = await api.post(path, json=BOOK)
    rest.set()
    assert (await slow).status_code == 422
    assert (refused.status_code, refused.json()["retryable"]) == (503, True)
    assert int(refused.headers["retry-after"]) > 0
    for _ in range(10):
        assert (await api.post(path, json=BOOK)).status_code == 202


async def test_a_body_that_does_not_end_is_given_up(
    api: httpx2.AsyncClient, seaside: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("command_service.api.bodies.BODY_SECONDS", 0.1)

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.01)

    async with asyncio.timeout(SOON):
        answer = await api.post(f"/v1/hotels/{seaside}/commands", content=endless())
    assert (answer.status_code, answer.json()["code"]) == (408, "body_too_slow")


async def test_what_waits_is_limited_in_bytes_too(
    api: httpx2.AsyncClient, database: Pool, seaside: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("command_service.acceptance.ACCEPT_QUEUE_BYTES", 2_000)
    path = f"/v1/hotels/{seaside}/commands/book-room"
    async with database.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE command IN SHARE MODE")
        sent = [asyncio.create_task(api.post(path, json=BOOK)) for _ in range(20)]
        await until(lambda: any(task.done() for task in sent))
        assert {task.result().status_code for task in sent if task.done()} == {503}
    answers = [answer.status_code for answer in await asyncio.gather(*sent)]
    assert set(answers) == {202, 503}
    assert (await api.post(path, json=BOOK)).status_code == 202


async def test_one_flush_is_limited_in_bytes_too(
    api: httpx2.AsyncClient, database: Pool, seaside: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("command_service.acceptance.ACCEPT_BATCH_BYTES", 1)
    path = f"/v1/hotels/{seaside}/commands/book-room"
    answers = await asyncio.gather(*(api.post(path, json=BOOK) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {202}
    commits = await database.fetchval("SELECT count(DISTINCT xmin::text) FROM command WHERE hotel_id = $1", seaside)
    assert commits == 6
