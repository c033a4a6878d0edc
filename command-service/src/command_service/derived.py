"""The rows that a hotel's events make: what its tables must hold. Pure, and written by what writes them when deciding.

This owns what a row is compared by. It never reads a table.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import orjson
from pydantic import ValidationError

from command_service.domain.hotel import OpenedHotel
from command_service.domain.house import House, evolve
from command_service.domain.reservation import Confirmed, InHouse
from command_service.stored_states import read_definition, read_reservation, write_definition, write_reservation
from command_service.writing import Row, inventory_row, reservation_row, span_of, span_row
from shared_contracts.catalog import AnyEvent
from shared_contracts.reservations import ReservationEvent

HOTEL: Final = "hotel"
RESERVATION: Final = "reservation"
INVENTORY: Final = "inventory"
ROOM_SPAN: Final = "room_span"
TABLES: Final = (HOTEL, RESERVATION, INVENTORY, ROOM_SPAN)

Key = tuple[Any, ...]
"""A row's key beside its hotel."""


@dataclass(slots=True)
class Derived:
    """The rows after the events taken so far.

    A reservation that has ended is kept as the print of its row, because no event is about it any more; with ``whole``
    it is kept as it is, so that its row can be written.
    """

    hotel_id: str
    whole: bool = False
    position: int = 0
    _house: House = field(default_factory=House)
    _versions: dict[UUID, int] = field(default_factory=dict[UUID, int])
    _ended: dict[UUID, bytes] = field(default_factory=dict[UUID, bytes])

    def take(self, event: AnyEvent) -> None:
        """Fold the next event. Raises what ``evolve`` raises for one that cannot follow the others."""
        self._house = evolve(self._house, event)
        self.position += 1
        if isinstance(event, ReservationEvent):
            self._versions[event.reservation_id] = self.position
            if not self.whole:
                self._keep_print(event.reservation_id)

    def _keep_print(self, key: UUID) -> None:
        reservations = self._house.reservations
        if not isinstance(reservations[key], Confirmed | InHouse):
            self._ended[key] = fingerprint(RESERVATION, self.row(RESERVATION, (key,)))
            del self._versions[key]
            self._house = replace(self._house, reservations=reservations.delete(key))

    def keys(self, table: str) -> Iterator[Key]:
        """The keys of the rows that the table must hold."""
        match table:
            case "hotel":
                if self.position:
                    yield ()
            case "reservation":
                yield from ((key,) for key in self._house.reservations)
                yield from ((key,) for key in self._ended)
            case "inventory":
                yield from self._house.inventory
            case _:
                yield from ((key,) for key, state in self._house.reservations.items() if span_of(state) is not None)

    def fingerprint(self, table: str, key: Key) -> bytes | None:
        """What the row's must be; nothing where there must be no such row."""
        if table == RESERVATION and key[0] in self._ended:
            return self._ended[key[0]]
        row = self.row(table, key)
        return None if row is None else fingerprint(table, row)

    def row(self, table: str, key: Key) -> Row | None:
        """The row as it must be; nothing for one that must not be, or of which only the print was kept."""
        house = self._house
        match table:
            case "hotel":
                return self._hotel_row()
            case "reservation":
                state = house.reservations.get(key[0])
                return None if state is None else reservation_row(self.hotel_id, self._versions[key[0]], state)
            case "inventory":
                count = house.inventory.get((key[0], key[1]))
                if count is None or not isinstance(house.hotel, OpenedHotel):
                    return None
                return inventory_row(self.hotel_id, house.hotel, (key[0], key[1]), count)
            case _:
                span = span_of(house.reservations.get(key[0]))
                return None if span is None else span_row(self.hotel_id, span)

    def _hotel_row(self) -> Row:
        hotel = self._house.hotel
        if not isinstance(hotel, OpenedHotel):
            return self.hotel_id, self.position, None, None
        return self.hotel_id, self.position, hotel.business_date, write_definition(hotel)


def stored(table: str, row: Mapping[str, Any]) -> tuple[Key, Row]:
    """A row that was read, its columns in order: its key, and its columns spelled as this release writes them."""
    columns = tuple(row.values())
    match table:
        case "hotel":
            return (), (*columns[:3], _spelled_definition(row["definition"]))
        case "reservation":
            return (row["reservation_id"],), (*columns[:6], _spelled_state(row["status"], row["state"]))
        case "inventory":
            return (row["room_type"], row["night"]), columns
        case _:
            return (row["reservation_id"],), columns


def fingerprint(table: str, row: Row | None) -> bytes:
    """Equal for equal rows of a table, and for no others."""
    return sha256(orjson.dumps([table, row], default=str)).digest()


def _spelled_state(status: str, state: str) -> str:
    """What cannot be read is left as it is, and so differs."""
    try:
        return write_reservation(read_reservation(status, state))
    except (ValidationError, KeyError):
        return state


def _spelled_definition(definition: str | None) -> str | None:
    if definition is None:
        return None
    try:
        return write_definition(read_definition(definition))
    except (ValidationError, ValueError, KeyError, TypeError):
        return definition
