"""The main job on real processes: bookings replayed as commands, every figure equal to a count of the file itself."""

import asyncio
import csv
import os
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from harness.pair import ROLES, Pair
from replay.bookings import COLUMNS

ROOT = Path(__file__).parents[1]
OUTCOMES = ["Check-Out"] * 7 + ["Canceled"] * 2 + ["No-Show"]


def made_up_bookings(path: Path, count: int, seed: int) -> Path:
    """A file of bookings that nobody made: two months, three room types, and rows that are no bookings."""
    dice = random.Random(seed)
    with path.open("w", newline="") as text:
        writer = csv.DictWriter(text, COLUMNS)
        writer.writeheader()
        for _ in range(count):
            arrival = date(2021, 5, 1) + timedelta(days=dice.randrange(60))
            nights, lead = dice.choice([0, 1, 1, 2, 3, 5, 9]), dice.choice([0, 0, 1, 5, 30, 90])
            outcome = dice.choice(OUTCOMES)
            ended = {
                "Check-Out": arrival + timedelta(days=nights if dice.random() < 0.9 else 0),
                "Canceled": arrival - timedelta(days=dice.randint(0, lead)),
                "No-Show": arrival,
            }[outcome]
            writer.writerow(
                {
                    "hotel": "Made Up",
                    "lead_time": lead,
                    "arrival_date_year": arrival.year,
                    "arrival_date_month": f"{arrival:%B}",
                    "arrival_date_day_of_month": arrival.day,
                    "stays_in_weekend_nights": 0,
                    "stays_in_week_nights": nights,
                    "adults": dice.choice([0, 1, 2, 2, 2]),
                    "children": dice.choice([0, 0, 1, "NA"]),
                    "babies": 0,
                    "reserved_room_type": dice.choice("AAB"),
                    "assigned_room_type": dice.choice("AABC"),
                    "adr": dice.choice(["80", "99.99", "0", "-1", "120.5"]),
                    "reservation_status": outcome,
                    "reservation_status_date": ended.isoformat(),
                }
            )
    return path


async def replay(pair: Pair, bookings: Path, *options: str) -> dict[str, Any]:
    """Run the command line to its end; the line of figures that it read back."""
    urls = ("--command-url", pair["command-api"].url, "--query-url", pair["query-api"].url)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "replay", str(bookings), *urls, *options),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    figures: dict[str, Any] = orjson.loads(output.splitlines()[-1])
    assert process.returncode == 0, figures.get("differences", figures)
    return figures


@asynccontextmanager
async def deaths(pair: Pair, seed: int) -> AsyncIterator[dict[str, int]]:
    """While it lasts, one process after the other dies by SIGKILL and is started again; how often each has."""
    died = dict.fromkeys(ROLES, 0)
    dice = random.Random(seed)

    async def kill_on() -> None:
        order = list(ROLES)
        while True:
            dice.shuffle(order)
            for role in order:
                await asyncio.sleep(dice.uniform(0.05, 0.4))
                pair[role].kill()
                pair[role].start()
                await pair[role].ready()
                died[role] += 1

    killing = asyncio.create_task(kill_on())
    try:
        yield died
    finally:
        killing.cancel()
        await asyncio.gather(killing, return_exceptions=True)
        await asyncio.gather(*(pair[role].ready() for role in ROLES))


async def drift(pair: Pair, hotel_id: str) -> int:
    """How many documents of the hotel are not what its events say, as `query-service reconcile` counts them."""
    process = await asyncio.create_subprocess_exec(
        *(str(Path(sys.executable).parent / "query-service"), "reconcile", hotel_id),
        env={**os.environ, **pair.environment},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    report: dict[str, Any] = orjson.loads(output)
    assert report["documents"] > 500
    assert report["fault"] is None
    return int(report["drift"])


@pytest.mark.parametrize("limit", ["1.0", "0.7"])
async def test_every_figure_read_back_equals_the_count_of_the_file(pair: Pair, tmp_path: Path, limit: str) -> None:
    figures = await replay(pair, made_up_bookings(tmp_path / "b.csv", 600, 7), "--limit", limit, "--hotels", "2")
    [first, second] = figures["hotels"].values()
    assert first == second
    assert first["checked_out"] > 100
    assert (first["bookings_refused"] > 0) is (limit == "0.7")


@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("seed", [1, 2])
async def test_processes_that_die_in_mid_replay_change_no_figure(pair: Pair, tmp_path: Path, seed: int) -> None:
    async with deaths(pair, seed) as died:
        figures = await replay(pair, made_up_bookings(tmp_path / "b.csv", 6_000, seed), "--hotels", "2")
    assert figures["equal"]
    assert min(died.values()) > 0, died
    for hotel_id in figures["hotels"]:
        assert await drift(pair, hotel_id) == 0


@pytest.mark.bookings
@pytest.mark.timeout(1_800)
@pytest.mark.skipif("INNKEEP_BOOKINGS" not in os.environ, reason="INNKEEP_BOOKINGS does not name the resort's file")
async def test_two_years_of_real_bookings(pair: Pair) -> None:
    figures = await replay(pair, Path(os.environ["INNKEEP_BOOKINGS"]), "--limit", "0.7")
    [hotel] = figures["hotels"].values()
    assert hotel["nights_stayed"] == 114_119
    assert hotel["bookings_refused"] == 1_377
