"""V4: at every prefix of the log no night is sold beyond its limit; and none was refused while it was free."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from checks.evidence import Evidence, StoredOutcome
from checks.nights import Nights, TypeNight
from checks.violation import Violation, found
from harness.history import History
from shared_contracts.envelope import EventEnvelope
from shared_contracts.rejections import RejectionCode


def check(evidence: Evidence) -> list[Violation]:
    """Nights overbooked, and nights refused while free."""
    looked, texts = 0, list[str]()
    for hotel, stream in evidence.streams.items():
        log = [event.envelope for event in stream]
        nights = list(overbooked(log))
        texts += [f"{hotel} position {position}: {night} has {left} left" for position, night, left in nights]
        texts += refused_while_free(log, full_house_refusals(evidence.outcomes, hotel), evidence.history)
        looked += len(log)
    return found("V4", looked, texts)


def overbooked(log: Sequence[EventEnvelope]) -> Iterator[tuple[int, TypeNight, int]]:
    """Position, night and what is left, wherever an event leaves less than nothing of a night, or sells less of it."""
    counted = Nights()
    for event in log:
        for night in sorted(counted.take(event)):
            if counted.left(night) < 0 or counted.sold[night] < 0:
                yield event.position, night, counted.left(night)


def full_house_refusals(outcomes: Mapping[str, StoredOutcome], hotel: str) -> list[StoredOutcome]:
    """The hotel's bookings that were refused for want of rooms."""
    code = RejectionCode.NO_AVAILABILITY
    return [outcome for outcome in outcomes.values() if outcome.hotel_id == hotel and outcome.code == code]


def refused_while_free(
    log: Sequence[EventEnvelope], refusals: Sequence[StoredOutcome], history: History
) -> Iterator[str]:
    """Refusals that name a night which had a room left where they were decided, or no night of the booking at all."""
    due: dict[int, list[StoredOutcome]] = defaultdict(list)
    for outcome in refusals:
        due[outcome.position].append(outcome)
    counted = Nights()
    for event in log:
        counted.take(event)
        for outcome in due.pop(event.position, []):
            invoke = history.invokes[outcome.command_id]
            if not outcome.nights or not set(outcome.nights) <= set(invoke.nights):
                yield f"{outcome.command_id} was refused for {outcome.nights}, and asked for {invoke.nights}"
            for night in outcome.nights:
                if counted.left((invoke.room_type, date.fromisoformat(night))) > 0:
                    yield f"{outcome.command_id} was refused for {night}, free at position {outcome.position}"
    for position, outcomes in due.items():
        yield f"{len(outcomes)} refusals stand at position {position}, which the log does not have"
