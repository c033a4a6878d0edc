"""What a batch of commands starts from and what comes of it; the pure middle of the deciding step."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from immutables import Map

from command_service.domain.decide import decide
from command_service.domain.decider import Issued
from command_service.domain.house import House, evolve
from command_service.domain.needs import needs
from command_service.domain.rejected import Fact, Rejected
from shared_contracts.envelope import CommandEnvelope, EventEnvelope
from shared_contracts.rejections import RejectionCode
from shared_contracts.reservations import ReservationEvent


@dataclass(frozen=True, slots=True)
class Standing:
    """A hotel under its lock: what is known of its house, and the position of its last event.

    ``versions`` holds that of each known reservation's last event.
    """

    house: House
    position: int
    versions: Map[UUID, int] = Map()  # noqa: RUF009  # immutable


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one command; ``position`` is the hotel's last after it, so that a reader can ask for it."""

    command_id: UUID
    hotel_id: str
    position: int
    code: RejectionCode | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(slots=True)
class Decided:
    """All that one transaction writes: the standings before and after, events in order, an outcome a command."""

    before: Mapping[str, Standing]
    after: dict[str, Standing]
    events: list[EventEnvelope] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)


def decide_all(standings: Mapping[str, Standing], done: Iterable[UUID], commands: Sequence[CommandEnvelope]) -> Decided:
    """Decide each command in order on what the ones before it left; one that is ``done``, or comes twice, is dropped.

    Pure. A hotel without a standing is unknown.
    """
    decided = Decided(standings, dict(standings))
    seen = set(done)
    for envelope in commands:
        if envelope.id not in seen:
            seen.add(envelope.id)
            _decide_one(decided, envelope)
    return decided


def _decide_one(decided: Decided, envelope: CommandEnvelope) -> None:
    standing = decided.after.get(envelope.hotel_id)
    if standing is None:
        decided.outcomes.append(Outcome(envelope.id, envelope.hotel_id, 0, RejectionCode.UNKNOWN_HOTEL))
        return
    decision = _conflict(standing, envelope) or decide(standing.house, Issued(envelope.id, envelope.at, envelope.body))
    if isinstance(decision, Rejected):
        decided.outcomes.append(
            Outcome(envelope.id, envelope.hotel_id, standing.position, decision.code, decision.facts)
        )
        return
    house, position, versions = standing.house, standing.position, standing.versions
    for event in decision:
        house, position = evolve(house, event), position + 1
        if isinstance(event, ReservationEvent):
            versions = versions.set(event.reservation_id, position)
        decided.events.append(
            EventEnvelope(
                hotel_id=envelope.hotel_id,
                position=position,
                at=envelope.at,
                principal=envelope.principal,
                correlation_id=envelope.correlation_id,
                causation_id=envelope.id,
                body=event,
            )
        )
    decided.after[envelope.hotel_id] = Standing(house, position, versions)
    decided.outcomes.append(Outcome(envelope.id, envelope.hotel_id, position))


def _conflict(standing: Standing, envelope: CommandEnvelope) -> Rejected | None:
    """``version_conflict`` where the client has not seen the last event of what its command is about."""
    if envelope.expected_version is None:
        return None
    about = needs(envelope.body).reservation_id
    actual = standing.position if about is None else standing.versions.get(about)
    if actual is None or actual == envelope.expected_version:
        return None
    return Rejected(RejectionCode.VERSION_CONFLICT, {"expected": envelope.expected_version, "actual": actual})
