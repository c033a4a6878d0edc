"""How long is rested after a batch."""

import hashlib
import os
import threading
import time

from shared_contracts.transport.resting import MAX_REST_SECONDS, rest_seconds, waited_for_a_core


def test_twice_as_long_as_was_waited_for_a_core() -> None:
    assert rest_seconds(0.005, size=1, full=100) == 0.01


def test_not_at_all_where_a_core_was_free() -> None:
    assert rest_seconds(0.0, size=1, full=100) == 0.0


def test_not_at_all_after_a_batch_that_was_not_small() -> None:
    assert rest_seconds(0.005, size=24, full=100) == 0.01
    assert rest_seconds(0.005, size=25, full=100) == 0.0


def test_never_long_however_scarce_cores_are() -> None:
    assert rest_seconds(60, size=1, full=100) == MAX_REST_SECONDS


def test_who_shares_a_core_waits_for_it() -> None:
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    done = threading.Event()
    other = threading.Thread(target=_digest_until, args=(done,))
    other.start()
    try:
        before, until = waited_for_a_core(), time.monotonic() + 10
        while waited_for_a_core() - before < 0.005 and time.monotonic() < until:
            hashlib.sha256(bytes(5_000_000))
        assert waited_for_a_core() - before >= 0.005
    finally:
        done.set()
        other.join()
        os.sched_setaffinity(0, cores)


def _digest_until(done: threading.Event) -> None:
    while not done.is_set():
        hashlib.sha256(bytes(5_000_000))  # gives the interpreter up, and so wants the core at the same time
