"""Whole replays against both APIs in memory: what is read back, what is said of a difference, what a cut changes."""

import asyncio
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay import __main__ as command_line
from replay import service
from replay.bookings import Booking, Outcome
from replay.commands import Hotel
from replay.house import House, houses_of
from replay.running import Run
from replay.service import Service
from replay.tests.innkeep_in_memory import Answer, Innkeep
from replay.tests.seaside import SEASON, booking, house_of, row, write

RUN = UUID("12345678-0000-4000-8000-000000000000")


async def replay(innkeep: Innkeep, house: House, hotels: int = 1) -> dict[str, Any]:
    async with innkeep.client() as client:
        both = Service(client, "http://command"), Service(client, "http://query")
        return await Run(*both, [Hotel(RUN, number, house) for number in range(1, hotels + 1)]).replay()


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "FIRST_PAUSE_SECONDS", 0.0)


@pytest.mark.parametrize("limit", ["1.0", "0.4"])
async def test_every_figure_is_read_back(tmp_path: Path, limit: str) -> None:
    house = house_of(tmp_path / "season", SEASON, limit)
    result = await replay(Innkeep(), house, hotels=3)

    assert result["differences"] == []
    assert result["equal"]
    assert result["commands"] == 3 * 32
    assert list(result["hotels"]) == ["replay-12345678-1", "replay-12345678-2", "replay-12345678-3"]
    assert set(map(repr, result["hotels"].values())) == {repr(house.count.figures)}


DAYS = st.dates(date(2020, 2, 20), date(2020, 3, 10))


@st.composite
def bookings(draw: st.DrawFn) -> list[Booking]:
    made = []
    for number in range(1, draw(st.integers(1, 25)) + 1):
        arrival, outcome = draw(DAYS), draw(st.sampled_from(Outcome))
        nights, booked_on = draw(st.integers(0, 5)), arrival - timedelta(days=draw(st.integers(0, 9)))
        ends = {
            Outcome.CANCELED: st.dates(booked_on, arrival),
            Outcome.CHECK_OUT: st.dates(arrival, arrival + timedelta(days=nights)),
            Outcome.NO_SHOW: st.just(arrival),
        }
        more = {
            "booked_on": booked_on,
            "adults": draw(st.integers(0, 3)),
            "reserved_type": draw(st.sampled_from("ABC")),
            "assigned_type": draw(st.sampled_from("BCD")),
            "amount_minor": draw(st.integers(-1, 99_999)),
        }
        made.append(booking(number, arrival, nights, outcome, draw(ends[outcome]), **more))
    return [*made, booking(len(made) + 1, date(2020, 3, 1), 1, Outcome.NO_SHOW, date(2020, 3, 1))]


@settings(max_examples=60)
@given(bookings(), st.sampled_from(["1", "0.5", "2"]))
def test_any_bookings_come_to_what_was_counted(made: list[Booking], limit: str) -> None:
    """Nothing is asked out of place either: the hotel in memory would fail."""
    [house] = houses_of(made, Decimal(limit))
    result = asyncio.run(replay(Innkeep(), house))
    assert result["differences"] == []


async def test_a_cut_before_or_after_and_a_full_queue_change_nothing(tmp_path: Path) -> None:
    troubles: Iterator[Any] = cycle(
        [None, httpx2.ReadError("cut"), None, None, Answer(503, headers={"Retry-After": "0"})]
    )

    def trouble(_: httpx2.Request) -> Answer | None:
        happens = next(troubles)
        if isinstance(happens, Exception):
            raise happens
        return happens  # type: ignore[no-any-return]

    result = await replay(Innkeep(before=trouble, after=trouble), house_of(tmp_path / "season", SEASON), hotels=2)
    assert result["equal"]


async def test_a_run_that_is_sent_again_comes_to_the_same(tmp_path: Path) -> None:
    innkeep, house = Innkeep(), house_of(tmp_path / "season", SEASON)
    assert (await replay(innkeep, house))["hotels"] == (await replay(innkeep, house))["hotels"]


async def test_a_difference_is_named(tmp_path: Path) -> None:
    innkeep = Innkeep()

    def forget_a_night(request: httpx2.Request) -> None:
        if "statistics" in request.url.path:
            innkeep.hotels["replay-12345678-1"].months["2020-04"]["rooms_sold"] = 1

    innkeep.before = forget_a_night
    result = await replay(innkeep, house_of(tmp_path / "season", SEASON))

    assert not result["equal"]
    assert result["differences"] == [
        {"hotel": "replay-12345678-1", "figure": "months.2020-04.adr_minor", "counted": 9_025, "read": 18_049},
        {"hotel": "replay-12345678-1", "figure": "months.2020-04.nights", "counted": 2, "read": 1},
        {"hotel": "replay-12345678-1", "figure": "nights_stayed", "counted": 4, "read": 3},
    ]


def run_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], innkeep: Innkeep, *arguments: str
) -> tuple[int, list[dict[str, Any]], str]:
    monkeypatch.setattr(command_line, "new_client", lambda _: innkeep.client())
    status = command_line.main(arguments)
    out, err = capsys.readouterr()
    return status, [orjson.loads(line) for line in out.splitlines()], err


def test_two_lines_are_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(write(tmp_path / "season", SEASON, zipped=True))
    status, [counted, read], err = run_command_line(
        monkeypatch, capsys, Innkeep(), path, "--hotels", "2", "--run-id", str(RUN)
    )

    assert status == 0
    assert counted["counted"]["Seaside"] == read["hotels"]["replay-12345678-2"]
    assert (read["run_id"], read["limit"], read["equal"], read["commands"]) == (str(RUN), "1", True, 64)
    assert read["commands_per_second"] > 0
    assert "sent 100 %, decided 100 %, in documents 100 %" in err


def test_a_difference_is_status_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lie(request: httpx2.Request) -> Answer | None:
        if not request.url.path.endswith("/availability"):
            return None
        return Answer(200, json={"room_types": [{"code": "A", "nights": [{"peak_sold": 9}]}]})

    path = str(write(tmp_path / "season", SEASON))
    status, [_, read], _ = run_command_line(monkeypatch, capsys, Innkeep(before=lie), path)

    assert status == 1
    assert [(d["figure"], d["counted"], d["read"]) for d in read["differences"]] == [
        ("peak_sold.A", 3, 9),
        ("peak_sold.SUI", 1, None),
    ]


def test_what_cannot_be_found_out_is_status_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = Innkeep(before=lambda _: Answer(500, text="broken"))
    path = str(write(tmp_path / "season", SEASON))
    status, lines, err = run_command_line(monkeypatch, capsys, broken, path, "--run-id", str(RUN))
    assert (status, len(lines)) == (2, 1)
    assert "500 broken" in err
    assert f"--run-id {RUN}" in err

    status, lines, err = run_command_line(monkeypatch, capsys, Innkeep(), str(tmp_path / "nothing"))
    assert (status, lines) == (2, [])
    assert "does not exist" in err


@pytest.mark.parametrize("wrong", [["--limit", "nan"], ["--limit", "0"], ["--hotels", "0"], ["--command-url", "here"]])
def test_wrong_arguments_are_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command_line.main(["file", *wrong])
    assert f"argument {wrong[0]}: invalid" in capsys.readouterr().err


async def test_a_command_that_is_not_accepted_ends_the_run(tmp_path: Path) -> None:
    house = house_of(tmp_path / "one", [row("2020-04-01")])
    problem = {"status": 422, "problem": {"code": "idempotency_key_reused"}}
    answers = Answer(207, json={"answers": [problem] * 8})
    innkeep = Innkeep(before=lambda request: answers if request.method == "POST" else None)

    with pytest.raises(service.ReplayError, match=r"open-hotel .* was not accepted: .*idempotency_key_reused"):
        await replay(innkeep, house)
