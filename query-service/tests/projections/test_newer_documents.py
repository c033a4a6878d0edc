"""A query API beside a projector of a later release: what that adds to a document changes no answer."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

import pytest
from histories import History, documents_of

from query_service.projections.availability_dto import availability_dto, stay_availability_dto
from query_service.projections.dto import Dto
from query_service.projections.front_desk_dto import front_desk_dto, front_desk_list_dto
from query_service.projections.hotel_dto import hotel_dto
from query_service.projections.pages import START
from query_service.projections.reservation_dto import reservation_dto
from query_service.projections.room_rack_dto import rack_dto
from query_service.projections.statistics_dto import statistics_dto

Documents = Mapping[tuple[str, str], Any]
KEYED: Final = frozenset({"rooms", "types", "entries"})
"""Members whose own members are named by data: by a room's number, a type's code, a reservation's id."""
FIRST: Final = date(2016, 7, 30)
UNTIL: Final = date(2016, 8, 2)
MONTH: Final = "seaside/2016-07"
LIST: Final = "seaside/2016-07-30/arrivals"


def of(documents: Documents, collection: str) -> dict[str, Any]:
    return {key: document for (kind, key), document in documents.items() if kind == collection}


def reservation(documents: Documents) -> Dto:
    return reservation_dto(next(iter(of(documents, "reservation").values())), documents["hotel", "seaside"])


ANSWERS: Final[dict[str, Callable[[Documents], Dto]]] = {
    "hotel": lambda d: hotel_dto(d["hotel", "seaside"]),
    "reservation": reservation,
    "availability": lambda d: availability_dto(d["hotel", "seaside"], of(d, "availability"), FIRST, UNTIL),
    "stay": lambda d: stay_availability_dto(d["hotel", "seaside"], of(d, "availability"), FIRST, UNTIL, 2),
    "front desk": lambda d: front_desk_dto("seaside", 9, FIRST, of(d, "front_desk"), 10),
    "list": lambda d: front_desk_list_dto("seaside", 9, FIRST, d["front_desk", LIST], after=START, limit=10),
    "room rack": lambda d: rack_dto(d["room_rack", "seaside"], START, 10),
    "statistics": lambda d: statistics_dto(d["hotel", "seaside"], "2016-07", d["statistics", MONTH]),
}


def extended(value: Any, *, keyed: bool = False) -> Any:
    """The same with one more member in every record."""
    if isinstance(value, Mapping):
        members = {key: extended(member, keyed=key in KEYED) for key, member in value.items()}
        return members if keyed else members | {"loyalty_tier": "gold"}
    return [extended(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_what_a_later_release_adds_to_a_document_changes_no_answer(
    history: History, answer: Callable[[Documents], Dto]
) -> None:
    lives, comes = history.booked(0, 3), history.booked(1, 2)
    history.arrives(lives, "101")
    history.assigned(comes, "101")
    documents = documents_of(history.events)
    newer = {address: extended(document) for address, document in documents.items()}
    assert str(newer).count("loyalty_tier") > 2 * len(documents)
    assert answer(newer) == answer(documents)
