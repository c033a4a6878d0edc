"""Rooms sold, night by night, counted from the events without the rules of the domain: what no rule may get wrong."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date

from shared_contracts.envelope import CommandEnvelope, EventEnvelope
from shared_contracts.hotels import HotelOpened
from shared_contracts.inventory import OverbookingAllowanceSet
from shared_contracts.rejections import RejectionCode
from shared_contracts.reservations import BookRoom, GuestCheckedOut, MarkedNoShow, ReservationCancelled, RoomBooked
from shared_contracts.values import nights_between

Night = tuple[str, date]


class Counted:
    """What the events say is sold and may be sold."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.sold: Counter[Night] = Counter()
        self.rooms: dict[str, int] = {}
        self.allowance: dict[Night, int] = {}

    def take(self, event: EventEnvelope) -> None:
        """Count one event."""
        body = event.body
        match body:
            case HotelOpened():
                self.rooms = {room_type.code: len(room_type.rooms) for room_type in body.room_types}
            case OverbookingAllowanceSet():
                for night in nights_between(body.from_date, body.to_date):
                    self.allowance[body.room_type, night] = body.value
            case RoomBooked():
                self._sell(body.room_type, body.stay.arrival, body.stay.departure, 1)
            case ReservationCancelled():
                self._sell(body.room_type, body.stay.arrival, body.stay.departure, -1)
            case MarkedNoShow():
                self._sell(body.room_type, body.released_from, body.stay.departure, -1)
            case GuestCheckedOut():
                self._sell(body.room_type, body.departed_on, body.stay.departure, -1)
            case _:
                pass

    def left(self, night: Night) -> int:
        """How many rooms may still be sold; below zero is oversold."""
        return self.rooms.get(night[0], 0) + self.allowance.get(night, 0) - self.sold[night]

    def _sell(self, room_type: str, first: date, until: date, rooms: int) -> None:
        for night in nights_between(first, until):
            self.sold[room_type, night] += rooms


def oversold_nights(hotel: str, log: Sequence[EventEnvelope]) -> Iterator[str]:
    """V4: nights that are sold beyond their limit at any prefix of the log."""
    counted = Counted()
    for event in log:
        counted.take(event)
        over = [night for night in counted.sold if counted.left(night) < 0]
        if over:
            yield f"V4 {hotel}: oversold at {event.position}: {over}"
            return


def refused_while_free(command: CommandEnvelope, code: str | None, before: Sequence[EventEnvelope]) -> Iterator[str]:
    """P3: a booking that was refused for want of rooms while every night of it had one."""
    if code != RejectionCode.NO_AVAILABILITY or not isinstance(command.body, BookRoom):
        return
    counted = Counted()
    for event in before:
        counted.take(event)
    nights = command.body.stay.nights
    if all(counted.left((command.body.room_type, night)) > 0 for night in nights):
        yield f"V4 {command.id}: refused while free"
