import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx2
import orjson
import pytest
from pydantic import SecretStr

from command_service.database import Pool, pool
from orders import BOOK, OPEN, body_of
from running import command_api
from shared_contracts.transport.access import Access, access_of

OPENING: dict[str, Any] = {"task": "open-hotel", "body": body_of(OPEN)}
BOOKING: dict[str, Any] = {"task": "book-room", "body": BOOK}
KEY = "0190b6f0-7c1e-7aaa-8bbb-0123456789ab"
DIGEST = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"  # of "secret"
SECRET = {"Authorization": "Bearer secret"}


def new_hotel() -> str:
    return f"hotel-{uuid4().hex[:12]}"


def somebody(scope: str, hotel_id: str) -> Access:
    tokens = {DIGEST: {"name": "somebody", "scopes": [scope], "hotels": [hotel_id]}}
    return access_of(orjson.dumps(tokens).decode(), "production")


async def sent(api: httpx2.AsyncClient, hotel_id: str, *commands: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await api.post(f"/v1/hotels/{hotel_id}/commands", json={"commands": commands})
    assert answer.status_code == 207
    answers: list[dict[str, Any]] = answer.json()["answers"]
    return answers


async def statuses(api: httpx2.AsyncClient, hotel_id: str, *commands: dict[str, Any]) -> list[int]:
    return [answer["status"] for answer in await sent(api, hotel_id, *commands)]


async def test_a_page_of_positions_after_what_no_hotel_is_called_is_a_problem(api: httpx2.AsyncClient) -> None:
    for odd in ("%00", "UPPER", "a" * 41, "%F0%9F%8F%A8", "a%0A"):
        answer = await api.get(f"/v1/hotels/positions?after={odd}")
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert (await api.get("/v1/hotels/positions?after=a-1")).status_code == 200


async def test_a_refused_opening_makes_no_hotel_known(api: httpx2.AsyncClient, database: Pool, seaside: str) -> None:
    used = {"idempotency_key": str(uuid4())}
    assert await statuses(api, seaside, BOOKING | used) == [202]
    hotel_id = new_hotel()
    assert await statuses(api, hotel_id, OPENING | used, BOOKING) == [422, 404]
    assert await statuses(api, hotel_id, BOOKING) == [404]
    assert await database.fetchval("SELECT count(*) FROM hotel WHERE hotel_id = $1", hotel_id) == 0
    assert await statuses(api, hotel_id, BOOKING, OPENING, BOOKING, OPENING | used, BOOKING) == [
        404,
        202,
        202,
        422,
        202,
    ]
    tasks = await database.fetch(
        "SELECT c.task FROM command_outbox o JOIN command c ON c.id = o.command_id WHERE hotel_id = $1 ORDER BY o.seq",
        hotel_id,
    )
    assert [row["task"] for row in tasks] == ["open-hotel", "book-room", "book-room"]


async def test_an_opening_sent_twice_at_once_opens_for_both(api: httpx2.AsyncClient, database: Pool) -> None:
    async with command_api(database, Access(None)) as other:
        for _ in range(20):
            hotel_id = new_hotel()
            keyed = [command | {"idempotency_key": str(uuid4())} for command in (OPENING, BOOKING)]
            both = await asyncio.gather(*(statuses(client, hotel_id, *keyed) for client in (api, other)))
            assert both == [[202, 202], [202, 202]]


@pytest.mark.parametrize("version", [True, "3", 3.0, -1, 2**62 + 1, 2**70])
async def test_an_expected_version_is_a_whole_number_and_nothing_else(
    api: httpx2.AsyncClient, seaside: str, version: object
) -> None:
    [answer] = await sent(api, seaside, BOOKING | {"expected_version": version})
    assert (answer["status"], answer["problem"]["errors"][0]["pointer"]) == (422, "/expected_version")


@pytest.mark.parametrize(
    "key", [f"{{{KEY}}}", f"urn:uuid:{KEY}", KEY.replace("-", ""), KEY[:-1], f'"{KEY}', KEY.replace("-", "", 1) + "-"]
)
async def test_a_key_is_spelled_as_uuids_are(api: httpx2.AsyncClient, seaside: str, key: str) -> None:
    path = f"/v1/hotels/{seaside}/commands/book-room"
    refused = await api.post(path, json=BOOK, headers={"Idempotency-Key": key})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_idempotency_key")
    [answer] = await sent(api, seaside, BOOKING | {"idempotency_key": key})
    [error] = answer["problem"]["errors"]
    assert (answer["status"], error["pointer"], error["code"]) == (422, "/idempotency_key", "invalid_format")


async def test_a_key_may_be_in_capitals_or_quoted(api: httpx2.AsyncClient, seaside: str) -> None:
    path, key = f"/v1/hotels/{seaside}/commands/book-room", str(uuid4())
    for spelled in (key, key.upper(), f'"{key}"'):
        answer = await api.post(path, json=BOOK, headers={"Idempotency-Key": spelled})
        assert (answer.status_code, answer.json()["command_id"]) == (202, key)
    assert await statuses(api, seaside, BOOKING | {"idempotency_key": key.upper()}) == [202]


@pytest.mark.parametrize("zone", ["localtime", "Factory", "posix/Europe/Lisbon", "right/UTC", "Mars/Olympus", "../UTC"])
async def test_a_time_zone_means_the_same_everywhere(api: httpx2.AsyncClient, zone: str) -> None:
    path = f"/v1/hotels/{new_hotel()}/commands/open-hotel"
    refused = await api.post(path, json=body_of(OPEN) | {"time_zone": zone})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/time_zone")
    assert (await api.post(path, json=body_of(OPEN) | {"time_zone": "Asia/Kathmandu"})).status_code == 202


async def test_a_pointer_is_escaped(api: httpx2.AsyncClient, seaside: str) -> None:
    answer = await api.post(f"/v1/hotels/{seaside}/commands/book-room", json=BOOK | {"a/b~c": 1})
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/a~1b~0c"]


async def test_who_is_not_known_or_has_no_right_gets_no_body_read(database: Pool, seaside: str) -> None:
    read: list[bytes] = []

    async def body() -> AsyncIterator[bytes]:
        read.append(b"{}")
        yield b"{}"

    async with command_api(database, somebody("reservations:write", seaside)) as client:
        path = f"/v1/hotels/{seaside}/commands"
        elsewhere = "/v1/hotels/elsewhere/commands"
        for url, headers, status in (
            (f"{path}/book-room", {}, 401),
            (path, {}, 401),
            (f"{path}/juggle", {}, 401),
            (f"{path}/open-hotel", SECRET, 403),
            (f"{elsewhere}/book-room", SECRET, 403),
            (elsewhere, SECRET, 403),
        ):
            assert (await client.post(url, content=body(), headers=headers)).status_code == status
            assert read == []


async def test_who_is_not_known_does_not_reach_the_database(postgres_url: str) -> None:
    nowhere = SecretStr(postgres_url.rpartition("@")[0] + "@127.0.0.1:9/innkeep")
    async with pool(nowhere, "innkeep-tests", 1) as down, command_api(down, somebody("hotel:read", "*")) as client:
        for path in (f"/v1/commands/{uuid4()}", "/v1/hotels/seaside/events", "/v1/hotels/positions"):
            assert (await client.get(path)).status_code == 401
            assert (await client.get(path, headers=SECRET)).status_code == 503


async def test_a_command_of_a_foreign_hotel_is_as_unknown_as_none(
    api: httpx2.AsyncClient, database: Pool, seaside: str
) -> None:
    command_id = UUID((await sent(api, seaside, BOOKING))[0]["command_id"])
    async with command_api(database, somebody("hotel:read", "elsewhere")) as client, asyncio.timeout(10):
        foreign, none = [
            await client.get(f"/v1/commands/{asked}", headers=SECRET | {"Prefer": "wait=20"})
            for asked in (command_id, uuid4())
        ]
    assert (foreign.status_code, foreign.text) == (none.status_code, none.text) == (404, foreign.text)
    async with command_api(database, somebody("hotel:read", seaside)) as client:
        assert (await client.get(f"/v1/commands/{command_id}", headers=SECRET)).status_code == 200
    async with command_api(database, somebody("reservations:write", seaside)) as client:
        assert (await client.get(f"/v1/commands/{command_id}", headers=SECRET)).status_code == 403
