"""Growth of memory, and its error."""

import math
import os
import random
import socket

import pytest

from harness.resources import later_half, resident_bytes, slope, sockets

MEGABYTE = 1024 * 1024


def test_memory_that_grows_is_told_in_percent_an_hour() -> None:
    samples = [(float(second), 100.0 * (1 + 0.05 * second / 3_600)) for second in range(600)]
    found = slope(samples)
    assert found.percent_an_hour == pytest.approx(5.0, rel=0.01)
    assert found.error < 0.01


def test_what_is_filled_at_first_and_then_kept_is_no_growth_of_the_later_half() -> None:
    filling = [(float(second), 100.0 + min(second, 700) / 350) for second in range(1_800)]
    assert slope(filling).percent_an_hour > 3
    assert slope(later_half(filling)).percent_an_hour == pytest.approx(0.0, abs=0.01)


def test_a_leak_goes_on_in_the_later_half() -> None:
    leaking = [(float(second), 100.0 + min(second, 700) / 350 + second / 1_800) for second in range(1_800)]
    found = slope(later_half(leaking))
    assert found.percent_an_hour - 2 * found.error > 1


def test_of_no_samples_there_is_no_later_half() -> None:
    assert not later_half([])


def test_noise_is_told_as_an_error_and_not_as_growth() -> None:
    dice = random.Random(3)
    found = slope([(float(second), 100.0 + dice.gauss(0, 1)) for second in range(1_800)])
    assert abs(found.percent_an_hour) < 3 * found.error
    assert 0.05 < found.error < 5


def test_of_a_few_samples_nothing_is_known() -> None:
    assert slope([(0.0, 1.0), (1.0, 2.0)]).error == math.inf


def test_the_kernel_tells_what_this_process_holds() -> None:
    before = sockets(os.getpid())
    with socket.socket():
        assert sockets(os.getpid()) == before + 1
    assert 10 * MEGABYTE < resident_bytes(os.getpid()) < 4_000 * MEGABYTE
