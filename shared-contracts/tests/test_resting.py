"""How long is rested after a batch."""

from shared_contracts.transport.resting import MAX_REST_SECONDS, rest_seconds


def test_half_as_long_as_was_worked() -> None:
    assert rest_seconds(0.02, size=1, full=100) == 0.01


def test_not_at_all_after_a_batch_that_was_not_small() -> None:
    assert rest_seconds(0.02, size=24, full=100) == 0.01
    assert rest_seconds(0.02, size=25, full=100) == 0.0


def test_never_long_though_a_batch_had_to_wait_for_an_outage_to_end() -> None:
    assert rest_seconds(60, size=1, full=100) == MAX_REST_SECONDS
