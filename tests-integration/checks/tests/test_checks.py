"""Each check says nothing of a history in which all is well, and names what is wrong with one in which it is not."""

from dataclasses import replace

import pytest

from checks import (
    v1_acknowledged,
    v2_invoked,
    v3_one_decision,
    v4_capacity,
    v5_gapless,
    v6_nothing_left,
    v7_documents,
    v8_reader,
    v9_unknowns,
)
from checks.catalog import verdict
from checks.evidence import Evidence, Parked, StoredOutcome
from checks.tests.wrong_histories import (
    HOTEL,
    NIGHTS,
    a_stay,
    booked,
    cancelled,
    command,
    event,
    opened,
    outcome,
    report,
    sent,
    told,
    with_stream,
)
from checks.violation import Violation
from harness.history import Answered, History
from harness.tallies import Planted


def texts(violations: list[Violation]) -> str:
    return "\n".join(map(str, violations))


def test_nothing_is_said_of_a_stay_in_which_all_is_well() -> None:
    assert verdict(a_stay(), unknowns=False) == []


def test_a_run_on_which_nothing_is_on_record_is_red_in_every_check() -> None:
    found = verdict(Evidence(History()), unknowns=True)
    assert [violation.check for violation in found] == [f"V{number}" for number in range(1, 10)]
    assert {violation.text for violation in found} == {"looked at nothing"}


def test_v1_an_acknowledged_command_that_is_not_stored() -> None:
    evidence = replace(a_stay(), commands={command(1): HOTEL, command(3): HOTEL})
    assert texts(v1_acknowledged.check(evidence)) == f"V1 {command(2)} was acknowledged and is not stored"


def test_v1_an_acknowledged_command_without_an_outcome() -> None:
    evidence = a_stay()
    sent(evidence.history, 4)
    evidence = replace(evidence, commands={**evidence.commands, command(4): HOTEL})
    assert texts(v1_acknowledged.check(evidence)) == f"V1 {command(4)} was acknowledged and has no outcome"


def test_v1_a_command_that_failed_unless_it_was_planted_to() -> None:
    evidence = a_stay()
    sent(evidence.history, 4)
    failed = outcome(4, 2, "failed", "unexpected_fault")
    evidence = replace(
        evidence,
        commands={**evidence.commands, command(4): HOTEL},
        outcomes={**evidence.outcomes, command(4): failed},
    )
    assert texts(v1_acknowledged.check(evidence)) == f"V1 {command(4)} failed: unexpected_fault"
    assert v1_acknowledged.check(replace(evidence, planted=Planted(commands=[command(4)]))) == []


def test_v1_a_client_that_was_told_another_outcome() -> None:
    evidence = a_stay()
    told(evidence.history, 2, 2, "rejected", "no_availability")
    [violation] = v1_acknowledged.check(evidence)
    assert f"{command(2)} was told rejected no_availability at 2" in violation.text


def test_v1_a_command_that_was_lost_and_sent_again_where_nothing_may_be_lost() -> None:
    evidence = a_stay()
    assert verdict(evidence, unknowns=False, prompt=True) == []
    evidence = replace(evidence, sent_again=3)
    assert verdict(evidence, unknowns=False) == []
    assert texts(verdict(evidence, unknowns=False, prompt=True)) == "V1 3 commands were lost, and sent again"


def test_v2_an_outcome_and_an_event_of_what_nobody_sent() -> None:
    evidence = a_stay()
    evidence = with_stream(evidence, *evidence.streams[HOTEL], event(3, 7, cancelled(2)))
    evidence = replace(evidence, outcomes={**evidence.outcomes, command(7): outcome(7, 3)})
    assert texts(v2_invoked.check(evidence)) == (
        f"V2 {command(7)} has an outcome, and nobody sent it\n"
        f"V2 {HOTEL} position 3 comes from a command that nobody sent"
    )


def test_v3_a_booking_that_took_effect_twice() -> None:
    evidence = with_stream(a_stay(), event(1, 1, opened(2)), event(2, 2, booked(2)), event(3, 2, booked(2)))
    assert texts(v3_one_decision.check(evidence)) == f"V3 {command(2)} took effect 2 times, at [2, 3]"


@pytest.mark.parametrize(
    ("second", "transaction", "what"),
    [
        (3, "transaction 2", "in pieces, at [2, 4]"),
        (2, "another", "in several transactions, at [2, 3]"),
    ],
)
def test_v3_a_close_of_the_date_that_took_effect_in_parts(second: int, transaction: str, what: str) -> None:
    evidence = a_stay()
    sent(evidence.history, 2, "close-business-date")
    between = [event(3, 1, cancelled(5))] if second == 3 else []
    last = event(second + 1, 2, cancelled(2), transaction)
    evidence = with_stream(evidence, event(1, 1, opened()), event(2, 2, booked(2)), *between, last)
    assert what in texts([v for v in v3_one_decision.check(evidence) if command(2) in v.text])


@pytest.mark.parametrize("stands", [outcome(2, 9), outcome(2, 2, "rejected", "no_availability"), None])
def test_v3_an_effect_that_is_not_what_the_outcome_says(stands: StoredOutcome | None) -> None:
    evidence = a_stay()
    others = {key: value for key, value in evidence.outcomes.items() if key != command(2)}
    evidence = replace(evidence, outcomes=others | ({command(2): stands} if stands else {}))
    assert texts(v3_one_decision.check(evidence)) == f"V3 {command(2)} took effect up to 2, and its outcome is {stands}"


def test_v4_a_night_sold_beyond_its_limit_though_it_is_free_again_in_the_end() -> None:
    evidence = a_stay()
    log = [*evidence.streams[HOTEL], event(3, 4, booked(4)), event(4, 5, cancelled(4))]
    found = texts(v4_capacity.check(with_stream(evidence, *log)))
    assert [line.count("has -1 left") for line in found.splitlines()] == [1, 1]
    assert f"{HOTEL} position 3" in found


def test_v4_a_stay_that_is_given_back_twice() -> None:
    evidence = a_stay()
    log = [*evidence.streams[HOTEL], event(3, 4, cancelled(2)), event(4, 5, cancelled(2))]
    assert f"{HOTEL} position 4" in texts(v4_capacity.check(with_stream(evidence, *log)))


def test_v4_a_booking_refused_for_a_night_that_is_free() -> None:
    evidence = a_stay()
    evidence = with_stream(evidence, event(1, 1, opened(2)), event(2, 2, booked(2)))
    assert texts(v4_capacity.check(evidence)).splitlines() == [
        f"V4 {command(3)} was refused for {night}, free at position 2" for night in NIGHTS
    ]


def test_v4_a_refusal_for_a_night_that_was_not_asked_for_and_one_that_names_none() -> None:
    evidence = a_stay()
    for nights in ((), ("2027-03-01", "2027-03-09")):
        refused = outcome(3, 2, "rejected", "no_availability", nights)
        found = v4_capacity.check(replace(evidence, outcomes={**evidence.outcomes, command(3): refused}))
        assert f"{command(3)} was refused for {nights}" in texts(found)


def test_v4_a_refusal_at_a_position_that_the_log_does_not_have() -> None:
    evidence = a_stay()
    refused = outcome(3, 8, "rejected", "no_availability", NIGHTS)
    found = v4_capacity.check(replace(evidence, outcomes={**evidence.outcomes, command(3): refused}))
    assert texts(found) == "V4 1 refusals stand at position 8, which the log does not have"


@pytest.mark.parametrize("positions", [(1, 3), (1, 1), (2, 1), (1,)])
def test_v5_a_stream_with_a_gap_a_repetition_another_order_or_another_end(positions: tuple[int, ...]) -> None:
    evidence = a_stay()
    log = [event(position, 2, booked(2)) for position in positions]
    evidence = replace(evidence, streams={HOTEL: log}, heads={HOTEL: 2})
    assert f"{HOTEL} stands at 2 with {len(log)} events" in texts(v5_gapless.check(evidence))


def test_v6_what_is_left_and_what_is_parked_without_being_poison() -> None:
    parked = Parked(bodies=[b"x"], commands=[command(2)], messages=["m"], hotels=[HOTEL])
    evidence = replace(a_stay(), waiting={"commands.00": 2, "event_outbox": 1}, parked=parked)
    assert len(v6_nothing_left.check(evidence)) == 6


def test_v6_poison_that_was_not_parked_or_was_parked_twice() -> None:
    evidence = replace(a_stay(), planted=Planted(bodies=[b"x"], messages=["m"]))
    assert len(v6_nothing_left.check(evidence)) == 2
    parked = Parked(bodies=[b"x", b"x"], messages=["m"])
    assert texts(v6_nothing_left.check(replace(evidence, parked=parked))) == (
        "V6 parked bodies: b'x' 1 times, not planted"
    )


@pytest.mark.parametrize(
    "changes", [{"drift": 1}, {"fault": {"position": 2}}, {"checkpoint": 1}, {"moved": 1}], ids=str
)
def test_v7_documents_that_are_not_the_fold(changes: dict[str, object]) -> None:
    evidence = replace(a_stay(), reports={HOTEL: report(**changes)})
    assert f"{HOTEL} at 2" in texts(v7_documents.check(evidence))


def test_v7_a_hotel_that_was_not_compared() -> None:
    evidence = replace(a_stay(), reports={"another": report()})
    assert texts(v7_documents.check(evidence)) == f"V7 {HOTEL} was not reconciled"


def test_v7_a_night_that_is_served_with_another_count_than_the_log_has() -> None:
    nights = [{"date": NIGHTS[0], "sold": 0, "available": 1}]
    availability = {HOTEL: {"room_types": [{"code": "DBL", "nights": nights}]}}
    assert "(sold, available) = (1, 0)" in texts(v7_documents.check(replace(a_stay(), availability=availability)))


def test_v8_a_position_that_goes_back_in_any_part_of_an_answer() -> None:
    evidence = a_stay()
    for positions in ((4, 2), (4, 3), (4, 3), (5, 1)):
        evidence.history.look("/v1/hotels/seaside/room-rack", positions)
    assert texts(v8_reader.check(evidence)) == "V8 /v1/hotels/seaside/room-rack went back from (4, 3) to (5, 1)"


def test_v8_a_page_of_a_stream_with_a_gap() -> None:
    evidence = a_stay()
    evidence.history.look("/v1/hotels/seaside/events after", [2, 3, 5])
    assert "had a gap: (2, 3, 5)" in texts(v8_reader.check(evidence))


def test_v9_a_command_that_is_still_unknown() -> None:
    evidence = a_stay()
    sent(evidence.history, 4, result=Answered.UNKNOWN)
    assert texts(v9_unknowns.check(evidence)) == f"V9 {command(4)} is still unknown"
    assert v9_unknowns.check(evidence)[0] in verdict(evidence, unknowns=False)


def test_v9_a_command_that_was_refused_when_sent_again_and_took_effect_all_the_same() -> None:
    evidence = a_stay()
    evidence.history.answer(command(2), Answered.UNKNOWN, 0, 0.0)
    evidence.history.answer(command(2), Answered.REFUSED, 422, 0.0)
    assert f"{command(2)} was refused with 422 and is on record" in texts(v9_unknowns.check(evidence))


def test_v9_a_command_that_was_acknowledged_when_sent_again_and_has_no_outcome() -> None:
    evidence = a_stay()
    sent(evidence.history, 4, result=Answered.UNKNOWN)
    evidence.history.answer(command(4), Answered.OK, 202, 0.0)
    assert texts(v9_unknowns.check(evidence)) == f"V9 {command(4)} was acknowledged when sent again, and has no outcome"
    sent(evidence.history, 2, result=Answered.UNKNOWN)
    evidence.history.answer(command(2), Answered.OK, 202, 0.0)
    assert len(v9_unknowns.check(evidence)) == 1
