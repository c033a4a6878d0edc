"""Rooms sold, night by night, counted from events alone and without the rules of the domain. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from shared_contracts.envelope import EventEnvelope
from shared_contracts.hotels import HotelOpened
from shared_contracts.inventory import OverbookingAllowanceSet
from shared_contracts.reservations import GuestCheckedOut, MarkedNoShow, ReservationCancelled, RoomBooked
from shared_contracts.values import nights_between

TypeNight = tuple[str, date]


@dataclass(slots=True)
class Nights:
    """What the events so far say is sold, and may be sold."""

    rooms: dict[str, int] = field(default_factory=dict[str, int])
    sold: Counter[TypeNight] = field(default_factory=Counter[TypeNight])
    allowance: dict[TypeNight, int] = field(default_factory=dict[TypeNight, int])

    def take(self, event: EventEnvelope) -> set[TypeNight]:
        """Count one event; the nights that it changed."""
        match event.body:
            case HotelOpened(room_types=room_types):
                self.rooms = {room_type.code: len(room_type.rooms) for room_type in room_types}
                return set()
            case OverbookingAllowanceSet(room_type=room_type, from_date=first, to_date=until, value=value):
                changed = {(room_type, night) for night in nights_between(first, until)}
                self.allowance |= dict.fromkeys(changed, value)
                return changed
            case RoomBooked(room_type=room_type, stay=stay):
                return self._sell(room_type, stay.nights, 1)
            case ReservationCancelled(room_type=room_type, stay=stay):
                return self._sell(room_type, stay.nights, -1)
            case MarkedNoShow(room_type=room_type, stay=stay, released_from=first):
                return self._sell(room_type, nights_between(first, stay.departure), -1)
            case GuestCheckedOut(room_type=room_type, stay=stay, departed_on=first):
                return self._sell(room_type, nights_between(first, stay.departure), -1)
            case _:
                return set()

    def left(self, night: TypeNight) -> int:
        """How many rooms may still be sold; below zero is overbooked."""
        return self.rooms.get(night[0], 0) + self.allowance.get(night, 0) - self.sold[night]

    def _sell(self, room_type: str, nights: Iterable[date], rooms: int) -> set[TypeNight]:
        changed = {(room_type, night) for night in nights}
        for night in changed:
            self.sold[night] += rooms
        return changed
