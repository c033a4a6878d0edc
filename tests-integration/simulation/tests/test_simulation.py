"""Rung 3 of the ladder: the seeds of the gate, the faults that they met, and that a failure can be repeated."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from command_service import sending
from simulation.__main__ import main
from simulation.cores import SEEDS_A_PART, same_in_another_process, simulated_on_all_cores
from simulation.figures import MUST_HAPPEN, Tally, reproduces, simulated
from simulation.planted.catalog import BUGS
from simulation.running import Run, Simulation

SEEDS = range(500)
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def gate() -> Tally:
    return simulated_on_all_cores(SEEDS)


def test_no_promise_is_broken_in_any_seed_of_the_gate(gate: Tally) -> None:
    assert gate.seeds == len(SEEDS)
    assert [(run.repeat(), run.violations) for run in gate.failed] == []


def test_every_kind_of_fault_has_happened(gate: Tally) -> None:
    assert gate.never_happened() == []


def test_there_was_enough_to_get_wrong(gate: Tally) -> None:
    assert gate.counts["commands"] > 8 * len(SEEDS)
    assert gate.counts["events"] > 5 * len(SEEDS)


def test_a_tally_without_a_fault_says_so() -> None:
    tally = Tally()
    tally.add(Run(1, "", (), Tally().counts, 0.0, []))
    assert len(tally.never_happened()) == len(MUST_HAPPEN)


def test_all_cores_together_find_what_one_finds() -> None:
    seeds = range(SEEDS_A_PART + 5)
    one, all_of_them = simulated(seeds), simulated_on_all_cores(seeds)
    assert (all_of_them.seeds, all_of_them.counts, all_of_them.failed) == (one.seeds, one.counts, one.failed)
    assert all_of_them.seconds > 0


def test_a_seed_that_another_process_plays_differently_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert same_in_another_process(range(3)) == 3
    ours = Simulation.run
    monkeypatch.setattr(Simulation, "run", lambda self, seed: ours(self, seed + (seed == 1)))
    assert same_in_another_process(range(3)) == 2


@pytest.mark.parametrize("seed", [3, 7, 11])
def test_a_seed_gives_the_same_trace_again(seed: int) -> None:
    run = Simulation().run(seed)
    assert run.lines
    assert reproduces(run)
    assert Simulation().run(seed + 1).digest != run.digest


def test_a_seed_gives_the_same_trace_in_another_process_whatever_strings_hash_to() -> None:
    here = [Simulation().run(seed).digest for seed in range(20, 26)]
    assert _elsewhere("1") == _elsewhere("2") == here


def test_a_failing_seed_says_how_to_repeat_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seed", "0", "--seeds", "1", "--bug", "ack_before_commit"]) == 1
    said = capsys.readouterr().out
    [again] = [line.partition("again: ")[2] for line in said.splitlines() if "again: " in line]
    arguments = again.partition("-m simulation ")[2].split()
    first = Simulation().run(0, BUGS["ack_before_commit"])
    assert main(arguments) == 1
    assert first.digest in capsys.readouterr().out


def test_nothing_stays_replaced_after_a_run() -> None:
    before = vars(sending)["monotonic"]
    Simulation().run(1)
    assert vars(sending)["monotonic"] is before


def _elsewhere(hashing: str) -> list[str]:
    environment = {**os.environ, "PYTHONHASHSEED": hashing, "PYTHONPATH": str(ROOT / "tests-integration")}
    command = [sys.executable, "-m", "simulation", "--seed", "20", "--seeds", "6", "--trace"]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    return list(_digests(said))


def _digests(said: str) -> Iterator[str]:
    for line in said.splitlines():
        if line.startswith("seed ") and "digest" in line:
            yield line.partition("digest ")[2].partition(",")[0]
