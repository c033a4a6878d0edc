"""One side comes back older than the other: it is detected and said, nothing is mixed, and it is put right."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import orjson
import pytest

from harness.backups import back_up_postgres, copy_documents, operator, put_documents_back, restore_postgres
from harness.front_desk import OPENING, FrontDesk, booking
from harness.pair import Pair, running_pair
from harness.waiting import until
from local_stack import document_store, postgres, rabbitmq
from local_stack.server import Server

DETECTED_SECONDS = 30
HEALED_SECONDS = 120
NEXT_ROUND_SECONDS = 180
"""A hotel that could not be compared while the write side was away is said to be behind until the next round."""
WRITE_SIDE = ("command-api", "worker", "relay")
DECEMBER = {"from": "2026-12-01", "to": "2027-01-01"}


@dataclass(frozen=True, slots=True)
class World:
    """Servers and a pair of their own, and a desk for each hotel."""

    servers: dict[str, Server]
    pair: Pair
    client: httpx2.AsyncClient
    desks: dict[str, FrontDesk] = field(default_factory=dict[str, FrontDesk])

    async def opens(self, name: str) -> FrontDesk:
        """The desk of a new hotel."""
        desk = self.desks[name] = FrontDesk(self.client, self.pair, f"{name}-{uuid4().hex[:6]}")
        await desk.succeed("open-hotel", OPENING)
        await desk.ask("")
        return desk

    def reconcile(self, *words: str) -> tuple[int, dict[str, dict[str, Any]]]:
        """The exit code of ``query-service reconcile``, and its reports by hotel."""
        done = operator(self.pair.environment, "query-service", "reconcile", *words)
        reports = [orjson.loads(line) for line in done.stdout.splitlines()]
        assert reports, done.stderr
        return done.returncode, {report["hotel_id"]: report for report in reports}

    async def projector(self) -> tuple[dict[str, str], dict[str, float]]:
        """What the projector's readiness says to be behind, and its metrics without labels."""
        url = self.pair["projector"].url
        behind: dict[str, str] = (await self.client.get(f"{url}/health/ready")).json()["behind"]
        lines = (await self.client.get(f"{url}/metrics")).text.splitlines()
        split = [line.rsplit(" ", 1) for line in lines if line[0] != "#" and "{" not in line]
        return behind, {name: float(value) for name, value in split}


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[dict[str, Server]]:
    """Servers that nobody else uses."""
    started: dict[str, Server] = {}
    try:
        for module in (postgres, rabbitmq, document_store):
            name = module.__name__.rpartition(".")[2]
            started[name] = module.start(tmp_path / name)
        yield started
    finally:
        for server in started.values():
            server.stop()


@pytest.fixture
async def world(servers: dict[str, Server], tmp_path: Path) -> AsyncIterator[World]:
    database, broker, documents = (servers[name].url for name in ("postgres", "rabbitmq", "document_store"))
    async with (
        running_pair(database, broker, documents, tmp_path) as pair,
        httpx2.AsyncClient(timeout=40) as client,
    ):
        yield World(servers, pair, client)


async def sold(desk: FrontDesk) -> int:
    """The nights that the calendar shows as sold."""
    calendar = await desk.ask("/availability", **DECEMBER)
    return sum(night["sold"] for kind in calendar["room_types"] for night in kind["nights"])


async def tag_of(desk: FrontDesk) -> str:
    answer = await desk.client.get(desk.url("/availability"), params=DECEMBER)
    return str(answer.headers["etag"])


async def refuses(desk: FrontDesk) -> bool:
    """Whether every kind of question about the hotel is refused, also by those who have an answer already."""
    codes = set[object]()
    for path in ("", "/room-rack", "/front-desk/2026-12-02", "/statistics/2026-12"):
        answer = await desk.client.get(desk.url(path), headers={"If-None-Match": "*"})
        codes.add(answer.json()["code"] if answer.status_code == 503 else answer.status_code)
    return codes == {"read_model_diverged"}


async def comes_back_older(world: World, backup: Path) -> None:
    """The write side's processes are stopped, its database restored, and they are started again."""
    for role in WRITE_SIDE:
        world.pair[role].kill()
    await asyncio.to_thread(restore_postgres, world.servers["postgres"], backup)
    for role in WRITE_SIDE:
        world.pair[role].start()
    await asyncio.gather(*(world.pair[role].ready() for role in WRITE_SIDE))


@dataclass(frozen=True, slots=True)
class Story:
    """What happened to one hotel: bookings before the backup, after it, and after the restore."""

    kept: list[str]
    lost: list[str]
    lost_command: str
    tag: str
    position: int


LOST_BODY = booking(20, 22, "SUI")


async def books_and_loses(world: World, seaside: FrontDesk, backup: Path) -> Story:
    """Three bookings, the backup, five more; all of them are seen."""
    kept = [await seaside.succeed("book-room", booking(2 + number, 3 + number)) for number in range(3)]
    await asyncio.to_thread(back_up_postgres, world.servers["postgres"], backup)
    lost_command = str(uuid4())
    assert (await seaside.do("book-room", LOST_BODY, lost_command))["status"] == "succeeded"
    lost = [await seaside.succeed("book-room", booking(10 + number, 11 + number)) for number in range(4)]
    assert await sold(seaside) == 3 + 2 + 4
    return Story(kept, [*lost, lost_command], lost_command, await tag_of(seaside), seaside.position)


async def positions_are_given_anew_and_nothing_is_mixed(world: World, seaside: FrontDesk, story: Story) -> list[str]:
    """Two bookings at positions that were given before change no document; what is lost is named."""
    _, reports = world.reconcile(seaside.hotel_id)
    named = {d["document_id"] for d in reports[seaside.hotel_id]["differences"] if d["kind"] == "unexpected"}
    assert {f"{seaside.hotel_id}/{reservation}" for reservation in story.lost} <= named
    seaside.position = 0
    anew = [await seaside.succeed("book-room", booking(15 + number, 16 + number)) for number in range(2)]
    assert seaside.position < story.position
    await until(partial(_have_diverged, world, 2))
    assert await refuses(seaside)
    code, again = world.reconcile(seaside.hotel_id)
    assert code == 1
    assert again[seaside.hotel_id]["digest"] == reports[seaside.hotel_id]["digest"]
    return anew


async def service_goes_on(world: World, seaside: FrontDesk, story: Story, anew: list[str]) -> None:
    """The documents are those of the new history, under other tags, and follow it."""
    await until(partial(_answers, seaside))
    assert await sold(seaside) == 3 + 2
    assert await tag_of(seaside) != story.tag
    for reservation in (*story.kept, *anew):
        assert (await seaside.ask(f"/reservations/{reservation}"))["status"] == "confirmed"
    for reservation in story.lost:
        assert (await seaside.client.get(seaside.url(f"/reservations/{reservation}"))).status_code == 404
    told = await world.client.get(f"{world.pair['command-api'].url}/v1/commands/{story.lost_command}")
    assert (told.status_code, told.json()["code"]) == (404, "unknown_command")
    assert (await seaside.do("book-room", LOST_BODY, story.lost_command))["status"] == "succeeded"
    assert await sold(seaside) == 3 + 2 + 2


async def test_a_write_side_that_comes_back_older_is_noticed_and_its_documents_are_repaired(
    world: World, tmp_path: Path
) -> None:
    seaside, hillside = await world.opens("seaside"), await world.opens("hillside")
    story = await books_and_loses(world, seaside, tmp_path / "backup")
    lakeside = await world.opens("lakeside")
    await comes_back_older(world, tmp_path / "backup")
    back = time.monotonic()
    for desk in (seaside, lakeside):
        await until(partial(refuses, desk), DETECTED_SECONDS)
    print("detected after", round(time.monotonic() - back, 1), "s")
    assert await sold(hillside) == 0
    anew = await positions_are_given_anew_and_nothing_is_mixed(world, seaside, story)

    code, repaired = world.reconcile("--repair", "--operator", "ann")
    assert (code, set(repaired)) == (0, {desk.hotel_id for desk in (seaside, hillside, lakeside)})
    code, right = world.reconcile()
    assert (code, {report["drift"] for report in right.values()}) == (0, {0})
    assert right[seaside.hotel_id]["digest"] == repaired[seaside.hotel_id]["digest"]

    await service_goes_on(world, seaside, story, anew)
    gone = await lakeside.client.get(lakeside.url())
    assert (gone.status_code, gone.json()["code"]) == (404, "unknown_hotel")
    lakeside.position = 0
    await lakeside.succeed("open-hotel", OPENING)
    await lakeside.ask("")
    await until(partial(_is_right, world), NEXT_ROUND_SECONDS)
    assert {report["drift"] for report in world.reconcile()[1].values()} == {0}


async def test_a_write_side_that_has_grown_beyond_the_documents_before_it_is_looked_at_is_noticed_too(
    world: World, tmp_path: Path
) -> None:
    seaside = await world.opens("seaside")
    await asyncio.to_thread(back_up_postgres, world.servers["postgres"], tmp_path / "backup")
    await seaside.succeed("book-room", booking(2, 3))
    await seaside.succeed("book-room", booking(4, 5))
    assert await sold(seaside) == 2
    world.pair["projector"].kill()
    await comes_back_older(world, tmp_path / "backup")
    seaside.position = 0
    for number in range(6):
        await seaside.succeed("book-room", booking(10 + number, 11 + number))
    world.pair["projector"].start()
    await world.pair["projector"].ready()
    await until(partial(refuses, seaside), DETECTED_SECONDS)
    assert world.reconcile(seaside.hotel_id, "--repair", "--operator", "ann")[0] == 0
    await until(partial(_answers, seaside))
    assert await sold(seaside) == 6
    assert world.reconcile()[0] == 0


async def test_documents_that_come_back_older_heal_by_themselves(world: World, tmp_path: Path) -> None:
    seaside = await world.opens("seaside")
    await seaside.succeed("book-room", booking(2, 3))
    assert await sold(seaside) == 1
    await asyncio.to_thread(copy_documents, world.servers["document_store"], tmp_path / "copy")
    for number in range(5):
        await seaside.succeed("book-room", booking(10 + number, 11 + number))
    lakeside = await world.opens("lakeside")
    assert await sold(seaside) == 6
    await asyncio.to_thread(put_documents_back, world.servers["document_store"], tmp_path / "copy")

    async def healed() -> bool:
        answers = [await _answers(desk) for desk in (seaside, lakeside)]
        return all(answers)

    await until(healed, HEALED_SECONDS)
    assert await sold(seaside) == 6
    code, reports = world.reconcile()
    assert code == 0
    assert {report["drift"] for report in reports.values()} == {0}
    behind, metrics = await world.projector()
    assert "diverged" not in behind
    assert metrics["innkeep_diverged_hotels"] == 0


async def _answers(desk: FrontDesk) -> bool:
    parameters = {**DECEMBER, "min_position": str(desk.position)}
    try:
        return (await desk.client.get(desk.url("/availability"), params=parameters)).status_code == 200
    except httpx2.HTTPError:
        return False


async def _have_diverged(world: World, hotels: int) -> bool:
    behind, metrics = await world.projector()
    return "diverged" in behind and metrics["innkeep_diverged_hotels"] == hotels


async def _is_right(world: World) -> bool:
    behind, metrics = await world.projector()
    return not behind and metrics["innkeep_diverged_hotels"] == 0
