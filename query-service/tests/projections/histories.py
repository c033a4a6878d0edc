"""Histories of a small hotel, event by event, as the command service would record them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from query_service.folding import Address, fold, plan
from query_service.projections.projection import Document
from shared_contracts.envelope import EventEnvelope
from shared_contracts.hotels import BusinessDateClosed, HotelOpened, RoomType
from shared_contracts.inventory import OverbookingAllowanceSet
from shared_contracts.message import Event
from shared_contracts.reservations import (
    GuestCheckedIn,
    GuestCheckedOut,
    MarkedNoShow,
    PossibleTask,
    ReservationCancelled,
    RoomAssigned,
    RoomBooked,
)
from shared_contracts.values import Party, StayPeriod

FIRST_DAY = date(2016, 7, 30)
ROOM_TYPES = (
    RoomType(code="DBL", name="Double", max_occupancy=2, rooms=("101", "102", "103")),
    RoomType(code="STE", name="Suite", max_occupancy=4, rooms=("201",)),
)
TYPE_OF_ROOM = {room: room_type.code for room_type in ROOM_TYPES for room in room_type.rooms}


def day(number: int) -> date:
    """A date so many days after the first one."""
    return FIRST_DAY + timedelta(days=number)


@dataclass
class Booked:
    """What a history knows of a reservation."""

    id: UUID
    room_type: str
    stay: StayPeriod
    party: Party
    amounts: tuple[int, ...]
    room: str | None = None
    in_house: bool = False


@dataclass
class History:
    """Appends to ``events``; what is asked of it must be possible. Each ``branch`` has commands of its own."""

    hotel_id: str = "seaside"
    branch: str = ""
    today: date = FIRST_DAY
    events: list[EventEnvelope] = field(default_factory=list[EventEnvelope])

    def record(self, event: Event) -> None:
        number = len(self.events) + 1
        self.events.append(
            EventEnvelope(
                hotel_id=self.hotel_id,
                position=number,
                at=datetime(2016, 7, 30, 12, tzinfo=UTC) + timedelta(seconds=number),
                principal="reception",
                correlation_id=uuid5(NAMESPACE_OID, f"{self.hotel_id}/{self.branch}{number}"),
                causation_id=uuid5(NAMESPACE_OID, f"{self.hotel_id}/{self.branch}{number}"),
                body=event,
            ),
        )

    def opened(self) -> "History":
        self.record(
            HotelOpened(
                name="Seaside",
                time_zone="Europe/Lisbon",
                currency="EUR",
                business_date=self.today,
                room_types=ROOM_TYPES,
            ),
        )
        return self

    def closed(self) -> "History":
        tomorrow = self.today + timedelta(days=1)
        self.record(BusinessDateClosed(closed=self.today, business_date=tomorrow))
        self.today = tomorrow
        return self

    def allowed(self, room_type: str, first: int, until: int, value: int) -> "History":
        self.record(OverbookingAllowanceSet(room_type=room_type, from_date=day(first), to_date=day(until), value=value))
        return self

    def booked(
        self, arrival: int, departure: int, room_type: str = "DBL", adults: int = 2, price: int = 10_000
    ) -> Booked:
        stay = StayPeriod(day(arrival), day(departure))
        identity = uuid5(NAMESPACE_OID, f"{self.hotel_id}/reservation/{self.branch}{len(self.events)}")
        booked = Booked(identity, room_type, stay, Party(adults), (price,) * (departure - arrival))
        self.record(
            RoomBooked(
                reservation_id=booked.id,
                room_type=room_type,
                stay=stay,
                party=booked.party,
                guest_id=guest_of(booked.id),
                currency="EUR",
                nightly_amounts=booked.amounts,
                tasks=tasks(stay.arrival),
            ),
        )
        return booked

    def cancelled(self, booked: Booked) -> None:
        self.record(
            ReservationCancelled(
                reservation_id=booked.id,
                room_type=booked.room_type,
                stay=booked.stay,
                room=booked.room,
                tasks=(PossibleTask(task="check-in-guest", refusal="invalid_transition"),),
            ),
        )

    def no_show(self, booked: Booked) -> None:
        self.record(
            MarkedNoShow(
                reservation_id=booked.id,
                room_type=booked.room_type,
                stay=booked.stay,
                released_from=booked.stay.arrival + timedelta(days=1),
                room=booked.room,
                tasks=(),
            ),
        )

    def assigned(self, booked: Booked, room: str) -> None:
        self.record(
            RoomAssigned(
                reservation_id=booked.id,
                room_type=booked.room_type,
                stay=booked.stay,
                room=room,
                type_of_room=TYPE_OF_ROOM[room],
                from_date=max(booked.stay.arrival, self.today),
                previous_room=booked.room,
                in_house=booked.in_house,
                tasks=(),
            ),
        )
        booked.room = room

    def checked_in(self, booked: Booked) -> None:
        booked.in_house = True
        self.record(
            GuestCheckedIn(
                reservation_id=booked.id,
                room_type=booked.room_type,
                stay=booked.stay,
                party=booked.party,
                guest_id=guest_of(booked.id),
                room=booked.room or "",
                currency="EUR",
                nightly_amounts=booked.amounts,
                tasks=(PossibleTask(task="check-out-guest"),),
            ),
        )

    def checked_out(self, booked: Booked) -> None:
        departed_on = min(self.today, booked.stay.departure)
        stayed = (departed_on - booked.stay.arrival).days
        self.record(
            GuestCheckedOut(
                reservation_id=booked.id,
                room_type=booked.room_type,
                stay=booked.stay,
                party=booked.party,
                guest_id=guest_of(booked.id),
                departed_on=departed_on,
                room=booked.room or "",
                currency="EUR",
                nightly_amounts=booked.amounts[:stayed],
                freed_amounts=booked.amounts[stayed:],
                tasks=(),
            ),
        )

    def arrives(self, booked: Booked, room: str) -> None:
        """Assigned and checked in."""
        self.assigned(booked, room)
        self.checked_in(booked)

    def until(self, number: int) -> None:
        """Close dates until this one begins."""
        while self.today < day(number):
            self.closed()


def guest_of(reservation_id: UUID) -> UUID:
    """The opaque id of a reservation's guest."""
    return uuid5(reservation_id, "guest")


def tasks(arrival: date) -> tuple[PossibleTask, ...]:
    """What the command service says of a new reservation."""
    return (
        PossibleTask(task="assign-room"),
        PossibleTask(task="check-in-guest", refusal="not_due_in", opens=arrival, closes=arrival),
        PossibleTask(task="check-out-guest", refusal="not_in_house"),
        PossibleTask(task="mark-no-show", refusal="too_early_for_no_show", opens=arrival),
    )


def documents_of(events: Iterable[EventEnvelope]) -> dict[Address, Any]:
    """All documents after the events."""
    return fold_into({}, events)


def fold_into(documents: dict[Address, Document], events: Iterable[EventEnvelope]) -> dict[Address, Any]:
    """The documents after more events; every one must be applicable."""
    arrived = list(events)
    if not arrived:
        return dict(documents)
    folded = fold(plan(arrived), documents)
    assert folded.fault is None
    return {**documents, **folded.changed}
