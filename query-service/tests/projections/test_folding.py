"""Folding: the same documents, however the events came."""

import copy
from typing import Any, get_args

import pytest
from histories import History, documents_of, fold_into
from hypothesis import given
from hypothesis import strategies as st
from random_histories import histories

from query_service.folding import Address, fold, plan
from query_service.projections.catalog import PROJECTIONS
from query_service.projections.projection import Projection
from shared_contracts.catalog import AnyEvent
from shared_contracts.envelope import EventEnvelope, decode_event, encode_event


@given(histories(), st.data())
def test_batches_and_repetitions_change_nothing(events: list[EventEnvelope], data: st.DataObject) -> None:
    whole = documents_of(events)
    documents: dict[Address, Any] = {}
    done = 0
    while done < len(events):
        again = data.draw(st.integers(0, done))
        until = data.draw(st.integers(done + 1, len(events)))
        documents = fold_into(documents, events[again:until])
        done = until
    assert documents == whole


@given(histories(), st.data())
def test_documents_that_are_ahead_of_the_others_end_as_all_do(events: list[EventEnvelope], data: st.DataObject) -> None:
    """A crash between the documents and the checkpoint leaves any of them at any later position."""
    stages = [documents_of(events[:number]) for number in range(len(events) + 1)]
    checkpoint = data.draw(st.integers(0, len(events)))
    stored = {
        address: document
        for address in stages[-1]
        if (document := stages[data.draw(st.integers(checkpoint, len(events)))].get(address)) is not None
    }
    assert fold_into(stored, events[checkpoint:]) == stages[-1]


@given(histories())
def test_a_document_that_was_passed_in_is_never_changed(events: list[EventEnvelope]) -> None:
    documents: dict[Address, Any] = {}
    for event in events:
        before = copy.deepcopy(documents)
        after = fold_into(documents, [event])
        assert documents == before
        documents = after


@given(histories())
def test_no_event_but_the_first_of_a_document_makes_it(events: list[EventEnvelope]) -> None:
    """So whoever is about to fold one that makes a document need not look for it."""
    documents: dict[Address, Any] = {}
    for event in events:
        made = {(p.collection, key) for p in PROJECTIONS if p.makes(event) for key in p.keys(event)}
        assert not made & documents.keys()
        assert not made & plan([event]).addresses
        documents = fold_into(documents, [event])
    assert {address for address in documents if address[0] == "reservation"} == {
        ("reservation", key)
        for projection in PROJECTIONS
        for event in events
        if projection.makes(event)
        for key in projection.keys(event)
    }


@given(histories())
def test_what_the_events_of_a_batch_make_is_not_looked_for(events: list[EventEnvelope]) -> None:
    kinds = {kind for kind, _ in plan(events).addresses}
    assert "reservation" not in kinds
    assert kinds or not events


@given(histories())
def test_every_document_says_its_id_its_hotel_and_its_last_event(events: list[EventEnvelope]) -> None:
    touched = {
        (projection.collection, key): event.position
        for event in events
        for projection in PROJECTIONS
        for key in projection.keys(event)
    }
    documents = documents_of(events)
    assert {address: document["position"] for address, document in documents.items()} == touched
    assert all(document["_id"] == key for (_, key), document in documents.items())
    assert {document["hotel_id"] for document in documents.values()} <= {"seaside"}


@given(histories())
def test_no_event_touches_a_document_twice(events: list[EventEnvelope]) -> None:
    for event in events:
        for projection in PROJECTIONS:
            keys = projection.keys(event)
            assert len(keys) == len(set(keys))


@given(histories())
def test_an_event_that_travelled_makes_the_same_documents(events: list[EventEnvelope]) -> None:
    travelled = [decode_event(encode_event(event)) for event in events]
    assert documents_of(travelled) == documents_of(events)


def one_of_each() -> dict[str, EventEnvelope]:
    history = History().opened().allowed("DBL", 0, 1, 1)
    history.cancelled(history.booked(0, 1))
    history.no_show(history.booked(0, 1))
    booked = history.booked(0, 1)
    history.arrives(booked, "101")
    history.closed()
    history.checked_out(booked)
    return {type(event.body).__name__: event for event in history.events}


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda projection: projection.collection)
@pytest.mark.parametrize("event", get_args(AnyEvent), ids=lambda event: event.__name__)
def test_every_event_has_a_decision_in_every_projection(projection: Projection, event: type) -> None:
    assert isinstance(projection.keys(one_of_each()[event.__name__]), tuple)


def test_what_cannot_be_applied_stops_there_and_says_why() -> None:
    history = History().opened()
    history.arrives(history.booked(0, 1), "101")
    history.closed()
    opened, booked, assigned, checked_in, closed = history.events
    folded = fold(plan([booked, assigned, checked_in, closed]), {})
    assert folded.last is booked
    assert folded.fault is not None
    assert (folded.fault.position, folded.first) == (3, 2)
    assert folded.fault.reason.startswith("RoomAssigned: MisplacedEventError")
    assert all(document["position"] == booked.position for document in folded.changed.values())
    assert opened.position == 1


def test_an_event_whose_changes_cannot_be_named_is_a_fault_too() -> None:
    history = History().opened()
    history.record(object())  # type: ignore[arg-type]
    folded = fold(plan(history.events), {})
    assert folded.last is history.events[0]
    assert folded.fault is not None
    assert folded.fault.position == 2
