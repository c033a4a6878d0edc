"""When something is down: who is served how meanwhile, and what becomes of it afterwards. One test a cell of the table.

Each thing is taken away once, and everything that can be asked meanwhile is asked; the tests look at the answers.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from harness.front_desk import OPENING, FrontDesk, booking
from harness.waiting import until
from harness.world import World, running_world

BOOKINGS = 5
ROLES = ["worker", "relay", "projector"]
BACK_SECONDS = 40
SOON, PATIENT = 1, 10


@dataclass(frozen=True, slots=True)
class Seen:
    """``sent``, ``statuses`` and ``hotel``, ``calendar`` are answers while it was away; the rest came afterwards.

    ``kept`` says what the status of each command was before anybody sent it again.
    """

    ids: list[str]
    sent: list[httpx2.Response]
    statuses: list[httpx2.Response]
    hotel: httpx2.Response
    calendar: httpx2.Response
    ahead: httpx2.Response
    kept: list[int]
    outcomes: list[dict[str, Any]]
    sold_afterwards: int
    events: list[dict[str, Any]]


@pytest.fixture(scope="module")
async def world() -> AsyncIterator[World]:
    async with running_world(print) as world:
        yield world


def sold(calendar: httpx2.Response) -> int:
    return sum(night["sold"] for kind in calendar.json()["room_types"] for night in kind["nights"])


async def look(desk: FrontDesk, **more: str) -> httpx2.Response:
    parameters = {"from": "2026-12-01", "to": "2026-12-20", **more}
    return await desk.client.get(desk.url("/availability"), params=parameters)


async def send(desk: FrontDesk, command_id: str, night: int) -> httpx2.Response:
    url = f"{desk.pair['command-api'].url}/v1/hotels/{desk.hotel_id}/commands/book-room"
    body = booking(night, night + 1) | {"guest_id": command_id}
    return await desk.client.post(url, json=body, headers={"Idempotency-Key": command_id})


async def status_of(desk: FrontDesk, command_id: str, wait: int = SOON) -> httpx2.Response:
    url = f"{desk.pair['command-api'].url}/v1/commands/{command_id}"
    return await desk.client.get(url, headers={"Prefer": f"wait={wait}"})


async def outcome_of(desk: FrontDesk, command_id: str) -> dict[str, Any]:
    found: dict[str, Any] = {}

    async def told() -> bool:
        answer = await status_of(desk, command_id)
        found.update(answer.json())
        return answer.status_code == 200 and found["status"] != "accepted"

    await until(told, BACK_SECONDS)
    return found


async def take_away(
    world: World, away: Callable[[], Awaitable[None]], back: Callable[[], Awaitable[None]], wait: int
) -> Seen:
    """One booking before it, five while it is away, and everything asked; outcomes are waited for so long."""
    async with httpx2.AsyncClient(timeout=40) as client:
        desk = FrontDesk(client, world.pair, f"hotel-{uuid4().hex[:12]}")
        return await see(desk, away, back, wait)


async def see(
    desk: FrontDesk, away: Callable[[], Awaitable[None]], back: Callable[[], Awaitable[None]], wait: int
) -> Seen:
    """As ``take_away``, at this hotel."""
    await desk.succeed("open-hotel", OPENING)
    await desk.succeed("book-room", booking(1, 2))
    await desk.ask("")
    ids = [str(uuid4()) for _ in range(BOOKINGS)]
    await away()
    try:
        sent = [await send(desk, command_id, 2 + number) for number, command_id in enumerate(ids)]
        statuses = list(await asyncio.gather(*(status_of(desk, command_id, wait) for command_id in ids)))
        hotel, calendar = await desk.client.get(desk.url()), await look(desk)
        ahead = await look(desk, min_position=str(2 + BOOKINGS))
    finally:
        await back()
    kept = [(await status_of(desk, command_id)).status_code for command_id in ids]
    for number, command_id in enumerate(ids):
        if sent[number].status_code == 503:
            assert (await send(desk, command_id, 2 + number)).status_code == 202
    outcomes = [await outcome_of(desk, command_id) for command_id in ids]

    async def shown() -> bool:
        return (await look(desk, min_position=str(outcomes[-1]["position"]))).status_code == 200

    await until(shown, BACK_SECONDS)
    feed = f"{desk.pair['command-api'].url}/v1/hotels/{desk.hotel_id}/events?limit=100"
    events = (await desk.client.get(feed)).json()["events"]
    return Seen(ids, sent, statuses, hotel, calendar, ahead, kept, outcomes, sold(await look(desk)), events)


async def without_server(world: World, name: str, wait: int = SOON) -> Seen:
    async def away() -> None:
        await world.kill_server(name)

    async def back() -> None:
        await world.start_server(name)
        await world.healthy()

    return await take_away(world, away, back, wait)


@pytest.fixture(scope="module")
async def without_rabbitmq(world: World) -> Seen:
    return await without_server(world, "rabbitmq")


@pytest.fixture(scope="module")
async def without_documents(world: World) -> Seen:
    return await without_server(world, "mongodb", PATIENT)


@pytest.fixture(scope="module")
async def without_postgres(world: World) -> Seen:
    return await without_server(world, "postgres")


@pytest.fixture(scope="module", params=ROLES)
async def without_role(world: World, request: pytest.FixtureRequest) -> tuple[str, Seen]:
    role: str = request.param

    async def away() -> None:
        world[role].kill()

    return role, await take_away(world, away, world.healthy, PATIENT if role == "projector" else SOON)


def all_accepted(seen: Seen) -> None:
    assert [answer.status_code for answer in seen.sent] == [202] * BOOKINGS
    assert all("Location" in answer.headers for answer in seen.sent)


def all_wait(seen: Seen) -> None:
    assert [answer.status_code for answer in seen.statuses] == [200] * BOOKINGS
    assert {answer.json()["status"] for answer in seen.statuses} == {"accepted"}
    assert all("Retry-After" in answer.headers for answer in seen.statuses)


def all_as_ever(seen: Seen) -> None:
    assert [answer.json()["status"] for answer in seen.statuses] == ["succeeded"] * BOOKINGS


def served_and_behind(seen: Seen) -> None:
    assert (seen.hotel.status_code, seen.calendar.status_code) == (200, 200)
    assert sold(seen.calendar) == 1
    assert seen.ahead.status_code == 409
    assert seen.ahead.json()["code"] == "read_model_behind"
    assert "Retry-After" in seen.ahead.headers


def unavailable(answer: httpx2.Response) -> None:
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json()["retryable"] is True


def all_done_once_in_order(seen: Seen) -> None:
    assert [outcome["status"] for outcome in seen.outcomes] == ["succeeded"] * BOOKINGS
    assert [outcome["position"] for outcome in seen.outcomes] == list(range(3, 3 + BOOKINGS))
    assert [event["position"] for event in seen.events] == list(range(1, 3 + BOOKINGS))
    assert [event["causation_id"] for event in seen.events[2:]] == seen.ids
    assert seen.sold_afterwards == 1 + BOOKINGS


def test_without_rabbitmq_commands_are_accepted_as_ever(without_rabbitmq: Seen) -> None:
    all_accepted(without_rabbitmq)


def test_without_rabbitmq_the_status_stays_accepted(without_rabbitmq: Seen) -> None:
    all_wait(without_rabbitmq)


def test_without_rabbitmq_queries_are_served_and_fall_behind(without_rabbitmq: Seen) -> None:
    served_and_behind(without_rabbitmq)


def test_once_rabbitmq_is_back_the_relay_drains_in_order_and_nothing_is_lost(without_rabbitmq: Seen) -> None:
    assert without_rabbitmq.kept == [200] * BOOKINGS
    all_done_once_in_order(without_rabbitmq)


def test_without_one_of_the_processes_commands_are_accepted(without_role: tuple[str, Seen]) -> None:
    all_accepted(without_role[1])


def test_without_worker_or_relay_the_status_waits_and_the_projector_has_no_part_in_it(
    without_role: tuple[str, Seen],
) -> None:
    role, seen = without_role
    (all_as_ever if role == "projector" else all_wait)(seen)


def test_without_one_of_the_processes_queries_are_served_and_fall_behind(without_role: tuple[str, Seen]) -> None:
    served_and_behind(without_role[1])


def test_one_of_the_processes_that_is_started_again_goes_on(without_role: tuple[str, Seen]) -> None:
    all_done_once_in_order(without_role[1])


def test_without_the_document_store_commands_are_accepted_as_ever(without_documents: Seen) -> None:
    all_accepted(without_documents)


def test_without_the_document_store_the_status_is_told_as_ever(without_documents: Seen) -> None:
    all_as_ever(without_documents)


def test_without_the_document_store_queries_are_answered_503(without_documents: Seen) -> None:
    for answer in (without_documents.hotel, without_documents.calendar, without_documents.ahead):
        unavailable(answer)


def test_once_the_document_store_is_back_the_projector_catches_up(without_documents: Seen) -> None:
    all_done_once_in_order(without_documents)


def test_without_postgresql_commands_are_answered_503_and_nothing_is_half_done(without_postgres: Seen) -> None:
    for answer in without_postgres.sent:
        unavailable(answer)
    assert without_postgres.kept == [404] * BOOKINGS


def test_without_postgresql_the_status_is_answered_503(without_postgres: Seen) -> None:
    for answer in without_postgres.statuses:
        unavailable(answer)


def test_without_postgresql_queries_are_served(without_postgres: Seen) -> None:
    assert (without_postgres.hotel.status_code, without_postgres.calendar.status_code) == (200, 200)
    assert sold(without_postgres.calendar) == 1


def test_once_postgresql_is_back_commands_that_are_sent_again_are_done(without_postgres: Seen) -> None:
    all_done_once_in_order(without_postgres)
