"""Bodies, patience and progress: what is sent at once, for how long is waited, and what is shown meanwhile."""

import io
from pathlib import Path
from uuid import UUID

import httpx2
import pytest

from replay import quiet
from replay.commands import Hotel
from replay.progress import Progress
from replay.sender import send
from replay.service import ReplayError, Service
from replay.tests.innkeep_in_memory import Answer, Innkeep
from replay.tests.seaside import house_of, row

RUN = UUID("12345678-0000-4000-8000-000000000000")


async def test_bodies_hold_at_most_500_commands(tmp_path: Path) -> None:
    hotel = Hotel(RUN, 1, house_of(tmp_path / "many", [row("2020-04-01", 0), *[row("2020-04-01")] * 249]))
    innkeep, told = Innkeep(), list[int]()
    async with innkeep.client() as client:
        sent = await send(Service(client, "http://command"), hotel.hotel_id, hotel.commands(), told.append)

    assert innkeep.bodies == told == [500, 500, 1]
    assert (sent.bookings, sent.invalid) == (249, 1)


async def test_patience_ends() -> None:
    async with Innkeep(before=lambda _: Answer(503)).client() as client:
        with pytest.raises(ReplayError, match="http://command has not answered /v1/x for 0 s: 503"):
            await Service(client, "http://command", patience=0.0).get("/v1/x")


@pytest.mark.parametrize(
    ("status", "held", "complaint"),
    [("accepted", 200, "no command is decided any more"), ("succeeded", 409, "the documents stay behind 7")],
)
async def test_what_does_not_move_is_said(status: str, held: int, complaint: str) -> None:
    def answer(request: httpx2.Request) -> Answer:
        if "min_position" in request.url.params:
            return Answer(held, json={"position": 3})
        return Answer(200, json={"status": status, "head": 7})

    async with Innkeep(before=answer).client() as client:
        both = Service(client, "http://command"), Service(client, "http://query")
        with pytest.raises(ReplayError, match=complaint):
            await quiet.wait_until_quiet(*both, "seaside", "last", stall=0.0)


async def test_quiet_is_a_decided_command_and_documents_that_hold_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet, "BEHIND_SECONDS", 0.0)
    asked: list[str] = []
    statuses, held = iter(["accepted", "accepted", "rejected"]), iter([409, 409, 200])

    def answer(request: httpx2.Request) -> Answer:
        asked.append(f"{request.method} {request.url.path} {request.headers.get('prefer', '')}".strip())
        if "commands" in request.url.path:
            return Answer(200, json={"status": next(statuses)})
        if "min_position" in request.url.params:
            return Answer(next(held), json={"position": 3}, headers={"Retry-After": "0"})
        return Answer(200, json={"head": 7})

    async with Innkeep(before=answer).client() as client:
        both = Service(client, "http://command"), Service(client, "http://query")
        assert await quiet.wait_until_quiet(*both, "seaside", "last") == 7
    assert asked[0] == "GET /v1/commands/last wait=10"
    assert asked.count("GET /v1/hotels/seaside") == 3


async def test_documents_that_move_are_waited_for_however_slow_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet, "BEHIND_SECONDS", 0.0)
    positions = iter(range(1, 8))

    def answer(request: httpx2.Request) -> Answer:
        if "min_position" in request.url.params:
            held = next(positions)
            return Answer(409 if held < 7 else 200, json={"position": held})
        return Answer(200, json={"status": "succeeded", "head": 7})

    async with Innkeep(before=answer).client() as client:
        both = Service(client, "http://command"), Service(client, "http://query")
        assert await quiet.wait_until_quiet(*both, "seaside", "last", stall=0.0) == 7


def test_time_left_is_that_of_the_slowest_stage() -> None:
    progress = Progress({"sent": 1_000, "decided": 800, "in documents": 800}, io.StringIO())
    assert progress.line(0.0) == "sent 0 %, decided 0 %, in documents 0 %; 0/s, ? left"

    progress.at("sent", 1_000)
    progress.at("decided", 400)
    progress.at("in documents", 1)
    assert progress.line(10.0) == "sent 100 %, decided 50 %, in documents 0 %; 40/s, 0:10 left"

    progress.at("decided", 800)
    assert progress.line(20.0) == "sent 100 %, decided 100 %, in documents 0 %; 40/s, ? left"

    progress.at("in documents", 80)
    assert progress.line(20.0) == "sent 100 %, decided 100 %, in documents 10 %; 40/s, 3:00 left"

    progress.at("in documents", 800)
    assert progress.line(20.0) == "sent 100 %, decided 100 %, in documents 100 %; 40/s, 0:00 left"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_has_one_line_and_a_log_a_line_now_and_then() -> None:
    terminal, log = Terminal(), io.StringIO()
    for stream in (terminal, log):
        progress = Progress({"sent": 2, "decided": 2, "in documents": 2}, stream)
        progress.add("sent", 1)
        progress.add("sent", 1)
        progress.finish()

    assert terminal.getvalue().startswith("\rsent 50 %")
    assert terminal.getvalue().count("\n") == 1
    assert "\r" not in log.getvalue()
    assert [line.split(",")[0] for line in log.getvalue().splitlines()] == ["sent 50 %", "sent 100 %"]
