"""Documents are rebuilt under live traffic: no reader notices, nothing is lost, and it may be killed anywhere."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pymongo import AsyncMongoClient

from harness.front_desk import OPENING, FrontDesk, booking
from harness.pair import Pair, running_pair
from harness.steady_clock import SteadyClock, steady_clock
from harness.waiting import until

MONTH = "2026-12"
AVAILABILITY = "/availability"
WINDOW = {"from": "2026-12-01", "to": "2027-01-01"}
QUESTIONS: tuple[tuple[str, dict[str, str]], ...] = (
    (AVAILABILITY, WINDOW),
    ("", {}),
    ("/room-rack", {}),
    (f"/statistics/{MONTH}", {}),
)
CRASHES = ("rebuild.mid_copy", "rebuild.before_switch", "rebuild.after_switch")
LAG_SECONDS = 5.0
SHOWN_SECONDS = 30.0


@pytest.fixture(scope="module")
async def pair(
    postgres_url: str, rabbitmq_url: str, mongodb_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Pair]:
    """A pair of its own: its documents are damaged."""
    directory: Path = tmp_path_factory.mktemp("rebuilt")
    async with running_pair(postgres_url, rabbitmq_url, mongodb_url, directory) as pair:
        second = pair.add("projector", 2)
        second.start()
        await second.ready()
        yield pair


@pytest.fixture(scope="module")
async def store(mongodb_url: str, pair: Pair) -> AsyncIterator[Any]:
    """The database itself."""
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(mongodb_url)
    yield client[pair.environment["INNKEEP_MONGODB_DATABASE"]]
    await client.close()


async def query_service(pair: Pair, *words: str, crash_at: str = "") -> tuple[int, list[dict[str, Any]], str]:
    """Run a command to its end: its exit code, the lines that it printed, and what it logged."""
    environment = {**os.environ, **pair.environment, "INNKEEP_CRASH_AT": crash_at}
    executable = str(Path(sys.executable).parent / "query-service")
    running = await asyncio.create_subprocess_exec(
        executable, *words, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(120):
        printed, logged = await running.communicate()
    return running.returncode or 0, [json.loads(line) for line in printed.splitlines()], logged.decode()


@dataclass
class Traffic:
    """Bookings and questions that go on. ``lags`` are the times from an outcome to the answer that shows it."""

    desk: FrontDesk
    clock: SteadyClock
    shown: dict[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    faults: list[str] = field(default_factory=list[str])
    lags: list[float] = field(default_factory=list[float])
    answers: int = 0
    over: bool = False

    async def book(self) -> None:
        """One booking after the other, each until it is answered for."""
        number = 0
        while not self.over:
            number += 1
            await self.desk.do("book-room", booking(1 + number % 27, 2 + number % 27))
            await self.seen(self.desk.position)

    async def seen(self, position: int) -> None:
        """Wait until the read side shows the position; note how long that took, pauses of the machine apart."""
        began = self.clock.seconds

        async def shown() -> bool:
            answer = await self.ask(AVAILABILITY, {**WINDOW, "min_position": str(position)})
            return answer.status_code == 200

        await until(shown, SHOWN_SECONDS)
        self.lags.append(self.clock.seconds - began)

    async def read(self) -> None:
        """Ask again and again: no document may be older than it was, none may be gone, nothing may fail."""
        while not self.over:
            for path, parameters in (
                (AVAILABILITY, WINDOW),
                ("", {}),
                ("/room-rack", {}),
                (f"/statistics/{MONTH}", {}),
            ):
                before = self.shown.get(path)
                answer = await self.ask(path, parameters)
                self.answers += 1
                if answer.status_code != 200:
                    self.faults.append(f"{path}: {answer.status_code} {answer.text}")
                    continue
                now = positions_in(answer.headers["etag"])
                if before is not None and any(new < old for new, old in zip(now, before, strict=True)):
                    self.faults.append(f"{path}: {before} and then {now}")
                self.shown[path] = now
            await asyncio.sleep(0.01)

    async def ask(self, path: str, parameters: dict[str, str]) -> httpx2.Response:
        """One question."""
        return await self.desk.client.get(self.desk.url(path), params=parameters)


def positions_in(tag: str) -> tuple[int, ...]:
    """The positions of the documents that an answer is made of: all of the tag but the version and the repairs."""
    return tuple(int(part) for part in tag.strip('"').split("-")[1:] if part.isdigit())


@asynccontextmanager
async def traffic(desk: FrontDesk) -> AsyncIterator[Traffic]:
    """Goes on as long as the context does; then nothing may have been wrong."""
    await desk.ask("")
    with steady_clock() as clock:
        going = Traffic(desk, clock)
        tasks = [asyncio.create_task(going.book()), asyncio.create_task(going.read())]
        try:
            yield going
        finally:
            going.over = True
            await asyncio.gather(*tasks)
    assert going.faults == []
    assert going.answers > 20
    assert max(going.lags) < LAG_SECONDS


async def drift(desk: FrontDesk) -> int:
    """How many of the hotel's documents are not what its events say."""
    _, [report], _ = await query_service(desk.pair, "reconcile", desk.hotel_id)
    assert report["fault"] is None
    return int(report["drift"])


async def name_of(store: Any, kind: str) -> str:
    route = await store["routes"].find_one({"_id": kind})
    return str(route["current"]) if route else kind


def spread(lags: list[float]) -> str:
    ordered = sorted(lags)
    return f"{len(ordered)} bookings, p50 {ordered[len(ordered) // 2]:.3f} s, max {ordered[-1]:.3f} s"


async def test_damaged_documents_are_rebuilt_under_traffic_and_nobody_notices(seaside: FrontDesk, store: Any) -> None:
    for number in range(10):
        await seaside.do("book-room", booking(1 + number, 3 + number))
    await seaside.ask("")
    current = await name_of(store, "hotel")
    await store[current].update_one({"_id": seaside.hotel_id}, {"$set": {"name": "Nonsense"}})
    await store[await name_of(store, "front_desk")].delete_many(
        {"hotel_id": seaside.hotel_id, "_id": {"$regex": "2026-12-0[5-9]"}}
    )
    assert await drift(seaside) > 1
    async with traffic(seaside) as quiet:
        await until(lambda: len(quiet.lags) >= 15, 60)
    async with traffic(seaside) as going:
        code, printed, logged = await query_service(seaside.pair, "rebuild")
        assert code == 1, logged
        told = {line["id"]: line["difference"] for line in printed if "id" in line}
        assert told[seaside.hotel_id] == "different"
        assert "missing" in told.values()
        assert await name_of(store, "hotel") == current  # nothing is switched before somebody has looked
        code, printed, logged = await query_service(seaside.pair, "rebuild", "--accept-differences")
        assert code == 0, logged
        assert await name_of(store, "hotel") != current
    assert "rebuild_begins" in logged
    assert "events_per_second" in logged
    assert (await seaside.ask(""))["name"] == OPENING["name"]
    assert await drift(seaside) == 0
    print(f"\nfrom outcome to answer, without a rebuild: {spread(quiet.lags)}; with one: {spread(going.lags)}")


@pytest.mark.parametrize("point", CRASHES)
async def test_a_rebuild_that_is_killed_goes_on_with_the_same_command(
    seaside: FrontDesk, store: Any, point: str
) -> None:
    before = await name_of(store, "availability")
    async with traffic(seaside) as going:
        await until(lambda: len(going.lags) >= 3, 30)
        command = ("rebuild", "availability", "--accept-differences")
        code, _, _ = await query_service(seaside.pair, *command, crash_at=f"{point}:1")
        assert code == -9
        code, [*_, told], logged = await query_service(seaside.pair, *command)
        assert code == 0, logged
        assert told["served"] == await name_of(store, "availability") != before
        assert told["being_made"] is None
        count = len(going.lags)
        await until(lambda: len(going.lags) > count + 3, 30)
    route = await store["routes"].find_one({"_id": "availability"})
    assert not route["closely"]
    assert await drift(seaside) == 0


async def test_a_rebuild_is_rolled_back_with_all_that_came_since_and_the_old_one_dropped(
    seaside: FrontDesk, store: Any
) -> None:
    async with traffic(seaside) as going:
        code, _, logged = await query_service(seaside.pair, "rebuild", "availability", "--accept-differences")
        assert code == 0, logged
        made, count = await name_of(store, "availability"), len(going.lags)
        await until(lambda: len(going.lags) > count + 5, 30)
        code, [told], logged = await query_service(seaside.pair, "rebuild", "--roll-back", "availability")
        assert code == 0, logged
        assert told["old"] == made
        count = len(going.lags)
        await until(lambda: len(going.lags) > count + 3, 30)
        code, [told], logged = await query_service(seaside.pair, "rebuild", "--discard-old", "availability")
        assert (code, told["old"]) == (0, None), logged
    assert made not in await store.list_collection_names()
    assert await drift(seaside) == 0
    code, _, logged = await query_service(seaside.pair, "rebuild", "--roll-back", "availability")
    assert code == 1
    assert "no old collection" in logged


async def test_a_collection_that_was_lost_alone_is_made_anew(seaside: FrontDesk, store: Any) -> None:
    await seaside.do("book-room", booking(1, 4))
    await seaside.ask("")
    await store[await name_of(store, "room_rack")].drop()
    code, _, logged = await query_service(seaside.pair, "rebuild", "room_rack", "--accept-differences")
    assert code == 0, logged
    assert len((await seaside.ask("/room-rack"))["rooms"]) == 3
    assert await drift(seaside) == 0


async def test_a_rebuild_stops_when_it_is_told_to(seaside: FrontDesk) -> None:
    environment = {**os.environ, **seaside.pair.environment}
    executable = str(Path(sys.executable).parent / "query-service")
    running = await asyncio.create_subprocess_exec(
        executable,
        "rebuild",
        "statistics",
        "--accept-differences",
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert running.stderr is not None
    while b"rebuild_begins" not in await running.stderr.readline():
        assert not running.stderr.at_eof()
    running.terminate()
    _, logged = await running.communicate()
    assert running.returncode == 75, logged
    code, _, logged_again = await query_service(seaside.pair, "rebuild", "statistics", "--accept-differences")
    assert code == 0, logged_again
    assert await drift(seaside) == 0
