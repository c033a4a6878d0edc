"""Folding a hotel's next events into its documents, in memory. Pure: the store is asked before and told after."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from query_service.projections.catalog import PROJECTIONS
from query_service.projections.projection import Change, Document
from query_service.settings import MAX_REASON
from shared_contracts.envelope import EventEnvelope

Address = tuple[str, str]
"""A collection and an id in it."""

NAMED_AS_KINDS: Final[Mapping[str, str]] = {projection.collection: projection.collection for projection in PROJECTIONS}


@dataclass(frozen=True, slots=True)
class Fault:
    """The first event that could not be applied, and why."""

    position: int
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What the events will change, in order, up to the first whose changes cannot be named.

    ``addresses`` are those of the documents that may be there already.
    """

    first: int
    steps: Sequence[tuple[EventEnvelope, Sequence[tuple[Address, Change]]]]
    addresses: frozenset[Address]
    fault: Fault | None


@dataclass(frozen=True, slots=True)
class Folded:
    """The documents that are different now and the last event in them; ``first`` was to be the first position."""

    first: int
    changed: Mapping[Address, Document]
    last: EventEnvelope | None
    fault: Fault | None


def plan(envelopes: Sequence[EventEnvelope], collections: Mapping[str, str] = NAMED_AS_KINDS) -> Plan:
    """Which documents the events, at least one, touch. Never raises: what does is the plan's fault.

    ``collections`` tells where the documents of each kind are; other kinds are left out.
    """
    first = envelopes[0].position
    steps: list[tuple[EventEnvelope, list[tuple[Address, Change]]]] = []
    addresses: set[Address] = set()
    made: set[Address] = set()
    for envelope in envelopes:
        changes: list[tuple[Address, Change]] = []
        try:
            for projection in PROJECTIONS:
                if projection.collection in collections:
                    collection = collections[projection.collection]
                    named = [((collection, change[0]), change) for change in projection.changes(envelope)]
                    changes += named
                    if projection.makes(envelope):
                        made.update(address for address, _ in named)
        except Exception as error:  # noqa: BLE001  # whatever is wrong with one event, it is recorded and parked
            return Plan(first, steps, frozenset(addresses), fault_of(envelope, error))
        steps.append((envelope, changes))
        addresses.update(address for address, _ in changes if address not in made)
    return Plan(first, steps, frozenset(addresses), None)


def fold(planned: Plan, documents: Mapping[Address, Document]) -> Folded:
    """Apply the plan to the documents that exist; an event is in all of its documents or in none.

    An event that a document already holds is left out of that document. Never raises, and changes no document.
    """
    changed: dict[Address, Document] = {}
    last: EventEnvelope | None = None
    for envelope, changes in planned.steps:
        try:
            changed.update(_step(envelope, changes, changed, documents))
        except Exception as error:  # noqa: BLE001  # as above
            return Folded(planned.first, changed, last, fault_of(envelope, error))
        last = envelope
    return Folded(planned.first, changed, last, planned.fault)


def fault_of(envelope: EventEnvelope, error: Exception) -> Fault:
    """The fault of an event that raised."""
    return Fault(envelope.position, f"{type(envelope.body).__name__}: {type(error).__name__}: {error}"[:MAX_REASON])


def _step(
    envelope: EventEnvelope,
    changes: Iterable[tuple[Address, Change]],
    changed: Mapping[Address, Document],
    documents: Mapping[Address, Document],
) -> dict[Address, Document]:
    after: dict[Address, Document] = {}
    for address, (_, change) in changes:
        before = changed.get(address) or documents.get(address)
        if before is None or before["position"] < envelope.position:
            after[address] = change(before)
    return after
