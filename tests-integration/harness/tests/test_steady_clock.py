"""What the clock counts for which a paused machine does not go on."""

import time

import pytest

from harness.steady_clock import LONGEST_TICK_SECONDS, SteadyClock, steady_clock
from local_stack.waiting import until


def test_a_pause_counts_as_one_tick() -> None:
    clock = SteadyClock(before=100.0)
    for now in (100.05, 100.10, 160.0, 160.05):
        clock.tick(now)
    assert clock.seconds == pytest.approx(3 * 0.05 + LONGEST_TICK_SECONDS)


def test_it_goes_on_by_itself_and_is_never_ahead() -> None:
    began = time.monotonic()
    with steady_clock() as clock:
        assert until(lambda: clock.seconds > 0.3, 15)
    assert clock.seconds <= time.monotonic() - began
