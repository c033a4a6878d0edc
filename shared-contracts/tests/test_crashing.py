"""Crash points: inert, until the environment names one and a count."""

import subprocess
import sys

import pytest

from shared_contracts.transport.crashing import CrashPoint, arm, crash_here


def passes_by(said: str, times: int) -> int:
    """The return code of a process that passes ``relay.after_select`` so many times, and then ends well."""
    program = (
        "from shared_contracts.transport.crashing import CrashPoint, arm, crash_here\n"
        f"arm({{'INNKEEP_CRASH_AT': {said!r}}})\n"
        f"for _ in range({times}): crash_here(CrashPoint.RELAY_AFTER_SELECT)\n"
    )
    return subprocess.run([sys.executable, "-c", program], check=False).returncode


@pytest.mark.parametrize(
    ("said", "times", "code"),
    [("", 9, 0), ("relay.after_select:3", 2, 0), ("relay.after_select:3", 3, -9), ("relay.after_mark:1", 3, 0)],
)
def test_a_process_dies_where_it_was_told_to_and_only_there(said: str, times: int, code: int) -> None:
    assert passes_by(said, times) == code


def test_a_point_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"relay\.nowhere"):
        arm({"INNKEEP_CRASH_AT": "relay.nowhere:1"})


def test_nothing_is_armed_without_being_told_to() -> None:
    arm({})
    for point in CrashPoint:
        crash_here(point)
