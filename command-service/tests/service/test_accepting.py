import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx2
import orjson
import pytest
from pydantic import SecretStr

from command_service.database import Pool, pool
from command_service.settings import ACCEPT_QUEUE_COMMANDS, MAX_BATCH_COMMANDS, MAX_BODY_BYTES
from orders import BOOK, OPEN, body_of
from running import command_api
from shared_contracts.transport.access import Access, access_of

JSON = {"content-type": "application/json"}


async def stored(database: Pool, hotel_id: str) -> int:
    return int(await database.fetchval("SELECT count(*) FROM command WHERE hotel_id = $1", hotel_id))


def key(value: UUID) -> dict[str, str]:
    return {"Idempotency-Key": str(value)}


async def test_an_accepted_command_is_stored_and_queued_for_the_relay(
    api: httpx2.AsyncClient, database: Pool, seaside: str
) -> None:
    answer = await api.post(f"/v1/hotels/{seaside}/commands/book-room", json=BOOK)
    assert answer.status_code == 202
    command_id = UUID(answer.json()["command_id"])
    assert answer.headers["location"] == f"/v1/commands/{command_id}"
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["reservation_id"] == str(command_id)
    queued = await database.fetchval("SELECT count(*) FROM command_outbox WHERE command_id = $1", command_id)
    assert queued == 1
    status = (await api.get(answer.headers["location"])).json()
    assert (status["status"], status["task"], status["hotel_id"]) == ("accepted", "book-room", seaside)


async def test_the_same_key_is_answered_the_same_and_stored_once(
    api: httpx2.AsyncClient, database: Pool, seaside: str
) -> None:
    path, headers = f"/v1/hotels/{seaside}/commands/book-room", key(uuid4())
    answers = await asyncio.gather(*(api.post(path, json=BOOK, headers=headers) for _ in range(50)))
    assert {(a.status_code, a.text) for a in answers} == {(202, answers[0].text)}
    assert await stored(database, seaside) == 1
    spelled_otherwise = orjson.dumps(dict(reversed(BOOK.items())), option=orjson.OPT_INDENT_2)
    assert (await api.post(path, content=spelled_otherwise, headers=headers | JSON)).status_code == 202
    assert await stored(database, seaside) == 1


async def test_the_same_key_with_another_command_is_refused(
    api: httpx2.AsyncClient, database: Pool, seaside: str
) -> None:
    path, headers = f"/v1/hotels/{seaside}/commands", key(uuid4())
    assert (await api.post(f"{path}/book-room", json=BOOK, headers=headers)).status_code == 202
    other_body = BOOK | {"room_type": "SUI"}
    for task, body in (("book-room", other_body), ("cancel-reservation", {"reservation_id": str(uuid4())})):
        answer = await api.post(f"{path}/{task}", json=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert await stored(database, seaside) == 1


async def test_a_hotel_is_known_from_the_moment_its_opening_is_accepted(api: httpx2.AsyncClient) -> None:
    hotel_id = f"hotel-{uuid4().hex[:12]}"
    path = f"/v1/hotels/{hotel_id}/commands"
    answer = await api.post(f"{path}/book-room", json=BOOK)
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_hotel")
    assert (await api.post(f"{path}/open-hotel", json=body_of(OPEN))).status_code == 202
    assert (await api.post(f"{path}/book-room", json=BOOK)).status_code == 202


async def test_an_ordered_body_is_stored_in_order_with_an_answer_for_each(
    api: httpx2.AsyncClient, database: Pool
) -> None:
    hotel_id = f"hotel-{uuid4().hex[:12]}"
    good = [{"task": "open-hotel", "body": body_of(OPEN)}, {"task": "book-room", "body": BOOK}]
    bad: list[Any] = [
        {"task": "book-room", "body": BOOK | {"stay": {"arrival": "2026-12-08", "departure": "2026-12-08"}}},
        {"task": "juggle", "body": {}},
        {"task": "book-room"},
        7,
    ]
    repeated = {"task": "book-room", "body": BOOK, "idempotency_key": str(uuid4())}
    commands = [good[0], *bad, good[1], repeated, repeated]
    answer = await api.post(f"/v1/hotels/{hotel_id}/commands", json={"commands": commands})
    assert answer.status_code == 207
    answers = answer.json()["answers"]
    assert [a["status"] for a in answers] == [202, 422, 404, 422, 422, 202, 202, 202]
    assert answers[1]["problem"]["errors"][0]["pointer"] == "/stay"
    assert answers[2]["problem"]["code"] == "unknown_task"
    rows = await database.fetch(
        "SELECT c.id FROM command_outbox o JOIN command c ON c.id = o.command_id WHERE hotel_id = $1 ORDER BY o.seq",
        hotel_id,
    )
    assert [str(row["id"]) for row in rows] == [answers[n]["command_id"] for n in (0, 5, 6)]


DEEP = b"[" * 100_000
BAD_BODIES: list[tuple[bytes, int, str]] = [
    (b"", 400, "not_json"),
    (b"{", 400, "not_json"),
    (b"\xff\xfe{}", 400, "not_utf8"),
    (b"[]", 422, "invalid_command"),
    (b"null", 422, "invalid_command"),
    (DEEP, 400, "too_deep"),
    (b'{"x":' * 40 + b"1" + b"}" * 40, 400, "too_deep"),
    (b'{"x":"' + b"a" * MAX_BODY_BYTES + b'"}', 413, "body_too_large"),
    (b'{"room_type":"\\ud800"}', 400, "not_json"),
    (b'{"a":NaN}', 422, "invalid_command"),
]


@pytest.mark.parametrize(("body", "status", "code"), BAD_BODIES)
async def test_a_body_that_cannot_be_read_is_a_problem_and_nothing_is_stored(
    api: httpx2.AsyncClient, database: Pool, seaside: str, body: bytes, status: int, code: str
) -> None:
    for path in ("/commands/book-room", "/commands"):
        answer = await api.post(f"/v1/hotels/{seaside}{path}", content=body, headers=JSON)
        assert answer.headers["content-type"] == "application/problem+json"
        assert 400 <= answer.status_code < 500
        if path != "/commands":
            assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await stored(database, seaside) == 0


BAD_FIELDS: list[tuple[dict[str, Any], str, str]] = [
    ({"stay": {"arrival": "2026-12-08", "departure": "2026-12-07"}}, "/stay", "invalid_value"),
    ({"stay": {"arrival": "2026-12-01", "departure": "2028-12-07"}}, "/stay", "invalid_value"),
    ({"stay": {"arrival": "8 December", "departure": "2026-12-09"}}, "/stay/arrival", "invalid_format"),
    ({"stay": {"arrival": 20261208, "departure": "2026-12-09"}}, "/stay/arrival", "wrong_type"),
    ({"stay": {"arrival": "2026-12-08", "departure": "2026-12-09", "x": 1}}, "/stay/x", "unknown_field"),
    ({"party": {"adults": 0}}, "/party", "invalid_value"),
    ({"party": {"adults": "2"}}, "/party/adults", "wrong_type"),
    ({"nightly_price": {"amount_minor": -1, "currency": "EUR"}}, "/nightly_price/amount_minor", "out_of_range"),
    ({"nightly_price": {"amount_minor": 9.5, "currency": "EUR"}}, "/nightly_price/amount_minor", "wrong_type"),
    ({"nightly_price": {"amount_minor": 1, "currency": "EURO"}}, "/nightly_price/currency", "out_of_range"),
    ({"nightly_price": {"amount_minor": 1, "currency": "XXX"}}, "/nightly_price/currency", "invalid_value"),
    ({"guest_id": "Anna Smith"}, "/guest_id", "invalid_format"),
    ({"room_type": "a b"}, "/room_type", "invalid_format"),
    ({"name": "Anna Smith"}, "/name", "unknown_field"),
]


@pytest.mark.parametrize(("change", "pointer", "code"), BAD_FIELDS)
async def test_a_field_that_is_wrong_is_pointed_at_and_nothing_is_stored(
    api: httpx2.AsyncClient, database: Pool, seaside: str, change: dict[str, Any], pointer: str, code: str
) -> None:
    answer = await api.post(f"/v1/hotels/{seaside}/commands/book-room", json=BOOK | change)
    assert answer.status_code == 422
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [(pointer, code)]
    assert await stored(database, seaside) == 0


async def test_requests_that_are_wrong_in_other_ways_are_problems_too(api: httpx2.AsyncClient, seaside: str) -> None:
    path = f"/v1/hotels/{seaside}/commands"
    too_many = {"commands": [{"task": "book-room", "body": BOOK}] * (MAX_BATCH_COMMANDS + 1)}
    answers = [
        (await api.post(f"{path}/juggle", json={}), 404, "unknown_task"),
        (
            await api.post(f"{path}/book-room", json=BOOK, headers={"Idempotency-Key": "7"}),
            400,
            "invalid_idempotency_key",
        ),
        (await api.post(f"{path}/book-room", json=BOOK, headers={"If-Match": "*"}), 400, "invalid_if_match"),
        (await api.post(f"{path}/book-room", content=b"a=1", headers={"content-type": "text/plain"}), 415, "not_json"),
        (await api.post(path, json={"commands": []}), 422, "invalid_command"),
        (await api.post(path, json=too_many), 422, "invalid_command"),
        (await api.get(f"{path}/book-room"), 405, "method_not_allowed"),
        (await api.get("/v1/nothing"), 404, "not_found"),
        (await api.get("/v1/commands/seven"), 422, "invalid_request"),
        (await api.get(f"/v1/commands/{uuid4()}"), 404, "unknown_command"),
        (await api.get(f"/v1/hotels/{seaside}/events?limit=0"), 422, "invalid_request"),
        (await api.get(f"/v1/hotels/{seaside}/events?after=-1"), 422, "invalid_request"),
        (await api.get("/v1/hotels/nowhere/events"), 404, "unknown_hotel"),
    ]
    for answer, status, code in answers:
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers["content-type"] == "application/problem+json"


async def test_while_the_database_is_down_commands_are_turned_away_with_a_time_to_come_back(postgres_url: str) -> None:
    nowhere = SecretStr(postgres_url.rpartition("@")[0] + "@127.0.0.1:9/innkeep")
    async with pool(nowhere, "innkeep-tests", 1) as down, command_api(down, Access(None)) as client:
        for answer in (
            await client.post("/v1/hotels/seaside/commands/book-room", json=BOOK),
            await client.post("/v1/hotels/seaside/commands", json={"commands": [{"task": "book-room", "body": BOOK}]}),
            await client.get(f"/v1/commands/{uuid4()}"),
            await client.get("/v1/hotels/seaside/events"),
        ):
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
            assert answer.json()["retryable"] is True


async def test_a_full_queue_turns_commands_away(api: httpx2.AsyncClient, database: Pool, seaside: str) -> None:
    bodies = {"commands": [{"task": "book-room", "body": BOOK}] * MAX_BATCH_COMMANDS}
    many = ACCEPT_QUEUE_COMMANDS // MAX_BATCH_COMMANDS + 5
    async with database.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE command IN SHARE MODE")
        sent = [asyncio.create_task(api.post(f"/v1/hotels/{seaside}/commands", json=bodies)) for _ in range(many)]
        done, _ = await asyncio.wait(sent, return_when=asyncio.FIRST_COMPLETED)
    assert {task.result().status_code for task in done} == {503}
    answers = [answer.status_code for answer in await asyncio.gather(*sent)]
    assert set(answers) == {207, 503}
    assert await stored(database, seaside) == answers.count(207) * MAX_BATCH_COMMANDS


async def test_one_requests_data_does_not_refuse_the_others(
    api: httpx2.AsyncClient, database: Pool, seaside: str
) -> None:
    path = f"/v1/hotels/{seaside}/commands"
    await database.execute("ALTER TABLE command ADD CONSTRAINT odd CHECK (task <> 'close-business-date') NOT VALID")
    try:
        good = [api.post(f"{path}/book-room", json=BOOK) for _ in range(5)]
        odd = api.post(f"{path}/close-business-date", json={"business_date": "2026-12-01"})
        answers = await asyncio.gather(*good, odd)
    finally:
        await database.execute("ALTER TABLE command DROP CONSTRAINT odd")
    assert [answer.status_code for answer in answers] == [202] * 5 + [500]
    assert answers[-1].json()["code"] == "internal_error"
    assert await stored(database, seaside) == 5


async def test_a_hotel_id_that_none_can_have_is_unknown(api: httpx2.AsyncClient) -> None:
    for odd in ("x%00", "UPPER", "a" * 41, "%F0%9F%8F%A8"):
        assert (await api.post(f"/v1/hotels/{odd}/commands/book-room", json=BOOK)).status_code == 404
        assert (await api.get(f"/v1/hotels/{odd}/events")).status_code == 404


async def test_who_may_do_what_is_decided_by_the_scope_of_the_command(database: Pool, seaside: str) -> None:
    digest = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"  # of "secret"
    tokens = orjson.dumps(
        {digest: {"name": "channel-manager", "scopes": ["reservations:write"], "hotels": [seaside]}}
    ).decode()
    async with command_api(database, access_of(tokens, "production")) as client:
        known = {"Authorization": "Bearer secret"}
        path = f"/v1/hotels/{seaside}/commands"
        booked = await client.post(f"{path}/book-room", json=BOOK, headers=known)
        assert booked.status_code == 202
        message = await database.fetchval(
            "SELECT message FROM command WHERE id = $1", UUID(booked.json()["command_id"])
        )
        assert orjson.loads(message)["principal"] == "channel-manager"
        elsewhere = "/v1/hotels/elsewhere/commands/book-room"
        refused = [
            (await client.post(f"{path}/book-room", json=BOOK), 401),
            (await client.post(f"{path}/book-room", json=BOOK, headers={"Authorization": "Bearer other"}), 401),
            (await client.post(f"{path}/open-hotel", json=body_of(OPEN), headers=known), 403),
            (await client.post(elsewhere, json=BOOK, headers=known), 403),
            (await client.get(f"/v1/hotels/{seaside}/events", headers=known), 403),
        ]
        assert [answer.status_code for answer, _ in refused] == [status for _, status in refused]
        mixed = {"commands": [{"task": "book-room", "body": BOOK}, {"task": "open-hotel", "body": body_of(OPEN)}]}
        answers = (await client.post(path, json=mixed, headers=known)).json()["answers"]
        assert [answer["status"] for answer in answers] == [202, 403]
    with pytest.raises(ValueError, match="outside development"):
        access_of(None, "production")
