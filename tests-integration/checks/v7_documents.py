"""V7: every document is the fold of its hotel's events, field by field, and the nights served are those of the log."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from checks.evidence import Evidence
from checks.nights import Nights
from checks.violation import Violation, found


def check(evidence: Evidence) -> list[Violation]:
    """Documents that differ, hotels that are not shown to their end, and nights that are served wrong."""
    documents = sum(report["documents"] for report in evidence.reports.values())
    return found("V7", documents, _wrong(evidence))


def _wrong(evidence: Evidence) -> Iterator[str]:
    for hotel, head in evidence.heads.items():
        report = evidence.reports.get(hotel)
        if report is None:
            yield f"{hotel} was not reconciled"
        elif report["drift"] or report["fault"] or report["moved"] or report["checkpoint"] != head:
            named = {name: report[name] for name in ("drift", "fault", "moved", "checkpoint", "differences")}
            yield f"{hotel} at {head}: {named}"
    for hotel, answer in evidence.availability.items():
        yield from _served(evidence, hotel, answer)


def _served(evidence: Evidence, hotel: str, answer: dict[str, Any]) -> Iterator[str]:
    counted = Nights()
    for event in evidence.streams.get(hotel, ()):
        counted.take(event.envelope)
    for room_type in answer["room_types"]:
        for told in room_type["nights"]:
            night = (room_type["code"], date.fromisoformat(told["date"]))
            right = counted.sold[night], counted.left(night)
            if (told["sold"], told["available"]) != right:
                yield f"{hotel} {night}: {told} is served, and the events say (sold, available) = {right}"
