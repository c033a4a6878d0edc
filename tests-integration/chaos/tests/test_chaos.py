"""What a run of figures makes of its results, and which choices follow from its seed."""

import random
from typing import Any

import orjson
import pytest

from chaos.__main__ import chosen, measured
from chaos.catalog import FIGURES
from chaos.figure import Figure, Result
from chaos.killed import killed
from chaos.kills import Deaths, Killing
from chaos.poison import COMMANDS, EVENTS
from chaos.r8_crash_points import POINTS, ROLES, role_of
from chaos.r9_overbooking import ROOMS, bookings
from chaos.r16_recovery import percentile
from chaos.r22_simulation import JUDGED_SEEDS, PER_MINUTE, speed
from chaos.table import as_json, repeat, table
from chaos.trial import dice
from checks.evidence import Parked
from checks.violation import Violation
from harness.front_office import House, next_order
from harness.pair import ROLES as PROCESSES
from harness.reader import positions_of
from harness.tallies import Planted, Tallies
from harness.world import World
from shared_contracts.envelope import UnreadableMessageError, decode_command, decode_event
from simulation.figures import Tally


async def _nothing(world: World, n: int, rng: random.Random) -> list[Result]:
    return []


def figure(name: str, quick: int | None, *needs: str) -> Figure:
    return Figure(name, "what", "0 / 0", 100, quick, _nothing, needs)


THREE = (figure("R1", 5), figure("R2", None), figure("R3", 2, "R2"))


def test_the_gate_leaves_out_what_has_no_quick_number_unless_another_figure_needs_it() -> None:
    assert [one.name for one in chosen(THREE[:2], "", quick=True)] == ["R1"]
    assert [one.name for one in chosen(THREE, "", quick=False)] == ["R1", "R2", "R3"]
    assert [one.name for one in chosen(THREE, "R3", quick=True)] == ["R2", "R3"]


def test_an_unknown_figure_is_named_with_those_that_there_are() -> None:
    with pytest.raises(SystemExit, match=r"No such figure: R7\. There are R1, R2, R3\."):
        chosen(THREE, "R1,R7", quick=False)


def test_every_figure_has_a_name_of_its_own_and_comes_after_what_it_needs() -> None:
    names = [one.name for one in FIGURES]
    assert len(set(names)) == len(names)
    for one in FIGURES:
        assert all(names.index(need) < names.index(one.name) for need in one.needs)


def test_kills_that_hit_no_work_are_red_though_nothing_was_broken() -> None:
    clean = killed(figure("R1", 5), Deaths(9, 4, 7), [], {"in flight": 7, "redelivered": 3})
    assert (clean.met, clean.value, clean.n) == (True, "0 / 0", 9)
    idle = killed(figure("R1", 5), Deaths(9, 4, 7), [], {"in flight": 7, "redelivered": 0})
    assert not idle.met
    assert "nothing to count: redelivered" in idle.note


def test_what_is_lost_and_what_happens_twice_are_told_apart() -> None:
    broken = [Violation("V1", "lost"), Violation("V3", "twice"), Violation("V7", "wrong")]
    result = killed(figure("R1", 5), Deaths(9, 4, 7), broken, {"in flight": 7})
    assert (result.met, result.value) == (False, "2 / 1")
    assert "V3 twice" in result.note


def test_the_table_has_a_line_a_figure_with_its_seed_and_a_miss_tells_how_to_repeat_it() -> None:
    results = [Result("R1", 300, "0 / 0", "0 / 0", met=True), Result("R2", 3, "1 / 0", "0 / 0", met=False, note="V1 x")]
    lines = table(results, 7).splitlines()
    assert lines[2].split() == ["R1", "300", "0", "/", "0", "0", "/", "0", "met", "7"]
    assert "MISSED" in lines[3]
    assert lines[-1] == "R2: V1 x"
    assert orjson.loads(as_json(results, 7))["results"][1]["met"] is False
    assert repeat("R2", 7, 0, quick=True) == "again: make chaos SEED=7 ONLY=R2 QUICK=1"


def test_the_same_seed_makes_the_same_choices_whatever_ran_before() -> None:
    def day(seed: int) -> list[Any]:
        rng, house = dice(seed, "R1"), House("seaside")
        return [next_order(house, rng) for _ in range(200)]

    assert day(3) == day(3)
    assert day(3) != day(4)
    assert len({order.task for order in day(3)}) >= 8, "a front office does all kinds of tasks"


def test_half_of_the_deaths_come_at_every_point_in_turn() -> None:
    points = POINTS[:4]
    killing = Killing(None, "worker", random.Random(1), None, points)  # type: ignore[arg-type]  # nothing is killed
    deck = killing._deck(41)
    assert deck[0] is None
    assert [sum(one is point for one in deck) for point in points] == [5, 5, 5, 5]


def test_every_crash_point_belongs_to_a_process_that_this_harness_can_start() -> None:
    assert {role_of(point) for point in POINTS} == set(ROLES.values())
    assert set(ROLES.values()) - set(PROCESSES) == {"rebuild", "migration"}, "these are commands that end"


@pytest.mark.parametrize("seed", range(40))
def test_nobody_can_read_the_poison(seed: int) -> None:
    rng = random.Random(seed)
    for make in COMMANDS:
        with pytest.raises(UnreadableMessageError):
            decode_command(make(rng, "seaside"))
    for make in EVENTS:
        with pytest.raises(UnreadableMessageError):
            decode_event(make(rng, "seaside"))


def test_bookings_ask_for_several_times_what_there_is() -> None:
    orders = list(bookings([House("seaside")], random.Random(1), 1_000))
    booked = [order for order in orders if order.task == "book-room"]
    assert len(booked) == 1_000
    assert {order.room_type for order in booked} == set(ROOMS)
    assert len(orders) > 1_050, "some are cancelled again"
    assert sum(len(order.nights) for order in booked) > 2.5 * sum(map(len, ROOMS.values())) * 50


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([*([1.0] * 94), *([9.0] * 6)], 0.95) == 9.0
    assert percentile([*([1.0] * 95), *([9.0] * 5)], 0.95) == 1.0


def test_a_tag_of_the_query_service_is_read_as_its_positions() -> None:
    assert positions_of('"1-17-0-9"') == [17, 0, 9, 0]
    assert positions_of('"1-17-0-9-r2"') == [17, 0, 9, 2]


def test_the_speed_of_few_seeds_is_told_and_not_judged() -> None:
    slow = 2 * 60 / PER_MINUTE
    few, many = (speed(Tally(seeds, seeds * slow)) for seeds in (JUDGED_SEEDS - 1, JUDGED_SEEDS))
    assert (few.met, few.value) == (True, f"{PER_MINUTE // 2}")
    assert "not judged" in few.target
    assert (many.met, many.target) == (False, f">= {PER_MINUTE}")


class HealthyWorld:
    """A world in which nothing runs; ``tallies`` are those of a run."""

    def __init__(self) -> None:
        self.tallies = Tallies()

    async def healthy(self) -> None:
        """It always is."""


async def test_what_a_figure_that_raised_has_left_parked_is_not_the_next_ones_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def parked(_: World) -> Parked:
        return Parked(hotels=["seaside"])

    async def raises(world: World, n: int, rng: random.Random) -> list[Result]:
        raise OSError("gone")

    monkeypatch.setattr("chaos.__main__.parked_now", parked)
    world: Any = HealthyWorld()
    nothing_left = figure("R2", 5)
    await measured(nothing_left, world, 1, 1)
    assert world.tallies.planted == Planted()
    [result] = await measured(Figure("R1", "what", "0 / 0", 100, 5, raises), world, 1, 1)
    assert (result.value, result.met) == ("raised", False)
    await measured(nothing_left, world, 1, 1)
    assert world.tallies.planted == Planted(hotels=["seaside"])
