"""The whole stack, as a newcomer starts it, in a folder of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from innkeep_processes.health import health_of
from innkeep_processes.places import Places
from innkeep_processes.plan import plan
from innkeep_processes.state import Service, StackState, load
from innkeep_processes.supervising import Supervision
from local_stack.server import StartFailed
from local_stack.waiting import until

STACK = Path(__file__).resolve().parents[1] / "stack.py"


def stack(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(STACK), *arguments],
        env={**os.environ, "INNKEEP_STACK_DIRECTORY": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    place = tmp_path_factory.mktemp("stack")
    try:
        yield place
    finally:
        stack(place, "down")


def test_the_stack_starts_is_looked_after_and_ends(folder: Path) -> None:
    up = stack(folder, "up")
    assert up.returncode == 0, up.stdout + up.stderr
    assert "A first booking" in up.stdout
    state = load(folder / "stack.json")
    assert (folder / "stack.json").stat().st_mode & 0o077 == 0
    assert not any(server.url.split("@")[0] in up.stdout for server in state.servers.values() if "@" in server.url)

    again = stack(folder, "up")
    assert again.returncode == 0, again.stdout + again.stderr
    assert {name: service.pid for name, service in load(folder / "stack.json").services.items()} == {
        name: service.pid for name, service in state.services.items()
    }

    os.kill(state.services["relay"].pid, signal.SIGKILL)
    assert until(lambda: load(folder / "stack.json").services["relay"].restarts == 1, 10)
    assert until(lambda: health_of(state.services["relay"].port).ready, 20)
    assert until(lambda: stack(folder, "status").returncode == 0, 60)
    assert "starting" in stack(folder, "logs", "relay").stdout

    running = [service.process for service in load(folder / "stack.json").services.values()]
    down = stack(folder, "down", "--purge")
    assert down.returncode == 0, down.stdout + down.stderr
    assert not any(process.alive() for process in running)
    assert stack(folder, "status").returncode == 1
    assert list(folder.iterdir()) == []


def test_several_workers_have_names_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKERS", "2")
    monkeypatch.setenv("PROJECTORS", "1")

    names = [each.name for each in plan()]

    assert names == ["command-api", "relay", "worker", "worker-2", "query-api", "projector"]


def test_an_absurd_number_of_workers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKERS", "many")

    with pytest.raises(ValueError, match="WORKERS"):
        plan()


def test_a_process_that_keeps_ending_is_started_again_ever_later(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("innkeep_processes.services.script", lambda _: "/bin/true")
    places = Places(scratch)
    places.make()
    StackState(services={"worker": Service("command-service", "worker", 1, {})}).save(places.state)
    clock = Clock()
    supervision = Supervision(places, lambda _: None, clock)
    restarts: list[float] = []

    for _ in range(20 * 40):  # twenty seconds of looks
        supervision.look()
        service = load(places.state).services["worker"]
        if service.restarts > len(restarts):
            restarts.append(clock.now)
            assert until(lambda: not load(places.state).services["worker"].process.alive(), 5)
        clock.now += 0.025

    pauses = [round(later - earlier, 1) for earlier, later in pairwise(restarts)]
    assert pauses == sorted(pauses)
    assert 4 <= len(restarts) <= 8


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_services_that_are_not_installed_are_named(monkeypatch: pytest.MonkeyPatch, scratch: Path) -> None:
    from innkeep_processes import services  # noqa: PLC0415 - its function is replaced in another test

    monkeypatch.setattr(sys, "executable", str(scratch / "python"))

    with pytest.raises(StartFailed, match="make install"):
        services.script("command-service")
