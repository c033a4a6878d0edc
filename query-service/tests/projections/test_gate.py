"""The position gate."""

from dataclasses import replace

from histories import History
from hypothesis import given
from hypothesis import strategies as st

from query_service.checkpoint import Checkpoint, checkpoint_in, record_of
from query_service.gate import Passed, by_hotel, contradicts, passed, repeated

EVENTS = tuple(History().opened().allowed("DBL", 0, 9, 1).closed().closed().closed().events)


def test_what_follows_the_checkpoint_passes_in_order_and_once() -> None:
    one, two, three, *_ = EVENTS
    assert passed(0, [three, one, two, one]) == Passed((one, two, three), gap=False)


def test_what_the_checkpoint_holds_already_is_dropped() -> None:
    assert passed(2, EVENTS[:2]) == Passed((), gap=False)
    assert repeated(2, EVENTS[:4]) == 2


def test_nothing_passes_over_a_gap() -> None:
    one, _, three, *_ = EVENTS
    assert passed(0, [one, three]) == Passed((one,), gap=True)
    assert passed(0, [three]) == Passed((), gap=True)


def test_each_hotel_has_its_own_events() -> None:
    other = History("hillside").opened().events
    assert by_hotel([EVENTS[0], *other, EVENTS[1]]) == {"seaside": [EVENTS[0], EVENTS[1]], "hillside": other}


def test_events_contradict_a_checkpoint_or_each_other_when_another_command_stands_at_a_position() -> None:
    at_two = checkpoint_in(record_of(EVENTS[1]))
    elsewhere = replace(EVENTS[1], causation_id=EVENTS[0].causation_id)
    assert not contradicts(at_two, [*EVENTS, *EVENTS])
    assert contradicts(at_two, [elsewhere])
    assert contradicts(Checkpoint(), [EVENTS[1], elsewhere])
    assert not contradicts(Checkpoint(2), [elsewhere])  # of an older release, which did not note the command


@given(st.integers(0, 5), st.lists(st.sampled_from(EVENTS), max_size=12))
def test_the_gate_never_lets_an_event_through_out_of_turn(checkpoint: int, arrived: list[object]) -> None:
    through = passed(checkpoint, arrived)  # type: ignore[arg-type]
    assert [e.position for e in through.events] == [*range(checkpoint + 1, checkpoint + 1 + len(through.events))]
    assert through.gap == any(e.position > checkpoint + len(through.events) for e in arrived)  # type: ignore[attr-defined]
