"""The rehearsal's judge sees what it is there to see."""

from dataclasses import replace

from drill.record import Record, wrong_in

BEFORE = Record({"seaside": [b"1", b"2", b"3", b"4"], "hillside": [b"1"]}, frozenset({"a", "b", "c", "d", "e"}))
AFTER = Record({"seaside": [b"1", b"2", b"3"], "hillside": [b"1"]}, frozenset({"a", "b", "c", "e"}))
BEGAN = {"seaside": 2, "hillside": 1}
ENDED = {"seaside": 3, "hillside": 1}


def test_what_the_backup_held_is_what_comes_back() -> None:
    assert wrong_in(BEFORE, AFTER, BEGAN, ENDED) == []


def test_an_event_that_came_back_as_another_is_seen() -> None:
    altered = replace(AFTER, events={**AFTER.events, "seaside": [b"1", b"x", b"3"]})
    assert wrong_in(BEFORE, altered, BEGAN, ENDED) == ["the events that came back are not those that were there"]


def test_events_that_were_in_the_backup_and_are_missing_are_seen() -> None:
    short = replace(AFTER, events={"seaside": [b"1"]})
    found = wrong_in(BEFORE, short, BEGAN, ENDED)
    assert found == [
        "hillside came back at 0, and the backup was taken at 1 to 1",
        "seaside came back at 1, and the backup was taken at 2 to 3",
    ]


def test_events_of_after_the_backup_are_seen() -> None:
    found = wrong_in(BEFORE, replace(AFTER, events=BEFORE.events), BEGAN, ENDED)
    assert found == ["seaside came back at 4, and the backup was taken at 2 to 3"]


def test_commands_of_nobody_are_seen() -> None:
    strange = replace(AFTER, commands=AFTER.commands | {"z"})
    assert wrong_in(BEFORE, strange, BEGAN, ENDED) == ["1 commands came back that nobody sent"]
