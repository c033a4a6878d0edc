"""Writing what a batch decided: events, what they changed in the tables, and the outcomes, set by set."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import orjson

from command_service.batch import Decided, Outcome, Standing
from command_service.database import Connection
from command_service.domain.hotel import OpenedHotel
from command_service.domain.house import House
from command_service.domain.inventory import NightCount, TypeNight
from command_service.domain.reservation import Confirmed, InHouse, Reservation, status_of
from command_service.domain.room import RoomSpan
from command_service.loading import SQL
from command_service.stored_states import write_definition, write_reservation
from shared_contracts.envelope import EventEnvelope, encode_event

Row = tuple[object, ...]
RECORDED: Final = {"reservations": 7, "inventory": 6, "events": 5, "moves": 3, "outcomes": 6}
"""What the statement ``record`` takes, set by set, and how many columns a row of each has."""
BEFORE: Final = ("define_hotels", "delete_spans", "write_spans")
"""Statements of their own, in this order: a span that ends is gone before one that begins in its room is written."""


async def write(connection: Connection, decided: Decided) -> None:
    """Write all of it inside the caller's transaction; only what changed is touched."""
    rows: dict[str, list[Row]] = {name: [] for name in (*BEFORE, *RECORDED)}
    for hotel_id, standing in decided.after.items():
        before = decided.before[hotel_id].house
        if standing.house is not before:
            _house_rows(rows, hotel_id, before, standing)
            business_date = (
                standing.house.hotel.business_date if isinstance(standing.house.hotel, OpenedHotel) else None
            )
            rows["moves"].append((hotel_id, standing.position, business_date))
    rows["events"] = [_event_row(event) for event in decided.events]
    rows["outcomes"] = [_outcome_row(outcome) for outcome in decided.outcomes]
    for name in BEFORE:
        if rows[name]:
            await connection.execute(SQL[name], *map(list, zip(*rows[name], strict=True)))
    await record(connection, {name: rows[name] for name in RECORDED})


async def record(connection: Connection, rows: Mapping[str, Sequence[Row]]) -> None:
    """Write rows of the sets of ``RECORDED``, in one statement; ``KeyError`` where a set is none of those."""
    if strange := rows.keys() - RECORDED.keys():
        raise KeyError(*strange)
    if any(rows.values()):
        columns = [column for name, width in RECORDED.items() for column in _columns(rows.get(name, ()), width)]
        await connection.execute(SQL["record"], *columns)


def _columns(rows: Sequence[Row], width: int) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


def _house_rows(rows: dict[str, list[Row]], hotel_id: str, before: House, standing: Standing) -> None:
    after = standing.house
    if isinstance(after.hotel, OpenedHotel) and not isinstance(before.hotel, OpenedHotel):
        rows["define_hotels"].append((hotel_id, write_definition(after.hotel), after.hotel.business_date))
    for key, reservation in after.reservations.items():
        old = before.reservations.get(key)
        if old is not reservation:
            rows["reservations"].append(reservation_row(hotel_id, standing.versions[key], reservation))
            was, span = span_of(old), span_of(reservation)
            if was is not None and was != span:
                rows["delete_spans"].append((hotel_id, key))
            if span is not None and was != span:
                rows["write_spans"].append(span_row(hotel_id, span))
    rows["inventory"].extend(_inventory_rows(hotel_id, before, after))


def _inventory_rows(hotel_id: str, before: House, after: House) -> Iterator[Row]:
    assert isinstance(after.hotel, OpenedHotel), "only an opened hotel changes"  # noqa: S101
    for key, count in after.inventory.items():
        if before.inventory.get(key) is not count:
            yield inventory_row(hotel_id, after.hotel, key, count)


def span_of(reservation: Reservation | None) -> RoomSpan | None:
    """The room that a reservation has, where it has one."""
    return reservation.span if isinstance(reservation, Confirmed | InHouse) else None


def reservation_row(hotel_id: str, position: int, reservation: Reservation) -> Row:
    """A row of ``reservation``; ``position`` is that of its last event."""
    key, stay = reservation.booking.id, reservation.booking.stay
    state = write_reservation(reservation)
    return hotel_id, key, status_of(reservation), stay.arrival, stay.departure, position, state


def inventory_row(hotel_id: str, hotel: OpenedHotel, key: TypeNight, count: NightCount) -> Row:
    """A row of ``inventory``."""
    limit = len(hotel.room_types[key[0]].rooms) + count.allowance
    return hotel_id, *key, count.sold, count.allowance, limit


def span_row(hotel_id: str, span: RoomSpan) -> Row:
    """A row of ``room_span``."""
    return hotel_id, span.room, span.from_date, span.to_date, span.reservation_id, span.occupied


def _event_row(event: EventEnvelope) -> Row:
    message = encode_event(event).decode()
    return event.hotel_id, event.position, type(event.body).__name__, event.causation_id, message


def _outcome_row(outcome: Outcome) -> Row:
    facts = orjson.dumps(dict(outcome.facts)).decode() if outcome.facts else None
    status = "succeeded" if outcome.code is None else "rejected"
    return outcome.command_id, outcome.hotel_id, status, outcome.position, outcome.code, facts
