import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from local_stack import document_store
from local_stack.free_port import free_port, is_free
from local_stack.process import Process, record, recorded, spawn
from local_stack.server import StartFailed, launch
from local_stack.waiting import until

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(60)"
)


def run(scratch: Path, *command: str) -> Process:
    return spawn(command, directory=scratch, log=scratch / "log.txt", environment=dict(os.environ))


def test_a_process_is_known_again_and_ended_in_order(scratch: Path) -> None:
    record(run(scratch, "sleep", "60"), scratch / "process.json")

    known = recorded(scratch / "process.json")

    assert known is not None
    assert known.alive()
    assert known.end(signal.SIGTERM, 5)
    assert not known.alive()


def test_another_process_that_got_its_id_is_left_alone(scratch: Path) -> None:
    process = run(scratch, "sleep", "60")
    earlier = replace(process, started=process.started - 1)

    assert not earlier.alive()
    earlier.kill()
    earlier.end(signal.SIGKILL, 1)

    assert process.alive()
    process.kill()


def test_one_that_does_not_listen_is_killed_and_said_so(scratch: Path) -> None:
    process = run(scratch, sys.executable, "-c", STUBBORN)
    assert until(lambda: "here" in (scratch / "log.txt").read_text(), 10)

    assert not process.end(signal.SIGTERM, 0.2)
    assert not process.alive()


def test_kill_takes_the_children_along(scratch: Path) -> None:
    process = run(scratch, "sh", "-c", "sleep 61 & echo $! >child; wait")
    child = scratch / "child"
    assert until(lambda: child.exists() and child.read_text().endswith("\n"), 5)

    process.kill()

    assert until(lambda: not Path(f"/proc/{int(child.read_text())}/cwd").exists(), 5)


def test_a_server_that_does_not_start_says_why(scratch: Path) -> None:
    with pytest.raises(StartFailed, match=r"Thing ended while it started[\s\S]*no such luck[\s\S]*remove"):
        launch("Thing", ["sh", "-c", "echo no such luck"], scratch, dict(os.environ), lambda _: False)


def test_a_server_that_runs_does_not_move_to_another_port(scratch: Path) -> None:
    process = run(scratch, "sleep", "60")
    record(process, scratch / "process.json")
    (scratch / "port").write_text("15001")

    with pytest.raises(StartFailed, match="runs on port 15001"):
        document_store.start(scratch, 15002)

    process.kill()


def test_free_ports_are_free() -> None:
    assert is_free(free_port())
