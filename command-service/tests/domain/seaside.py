"""A small hotel for the tests of the rules, and sentences about it: given these events, when this command, then ..."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from command_service.domain.decide import decide
from command_service.domain.decider import Decision, Issued, fold
from command_service.domain.house import House
from command_service.domain.rejected import Rejected
from shared_contracts.catalog import AnyCommand, AnyEvent
from shared_contracts.hotels import CloseBusinessDate, OpenHotel, RoomType
from shared_contracts.inventory import SetOverbookingAllowance
from shared_contracts.rejections import RejectionCode
from shared_contracts.reservations import (
    AssignRoom,
    BookRoom,
    CancelReservation,
    CheckInGuest,
    CheckOutGuest,
    MarkNoShow,
)
from shared_contracts.values import Money, Party, StayPeriod

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
ANNA, BRUNO, CARLA = (UUID(int=n) for n in (1, 2, 3))
GUEST = UUID(int=99)


def day(number: int) -> date:
    """A day of December 2026, in which the hotel opens on the first."""
    return date(2026, 12, number)


OPEN = OpenHotel(
    name="Seaside",
    time_zone="Europe/Lisbon",
    currency="EUR",
    business_date=day(1),
    room_types=(
        RoomType(code="DBL", name="Double", max_occupancy=2, rooms=("101", "102")),
        RoomType(code="SUI", name="Suite", max_occupancy=4, rooms=("201",)),
    ),
)


def book(first: int, until: int, room_type: str = "DBL", guests: int = 2, currency: str = "EUR") -> BookRoom:
    return BookRoom(
        room_type=room_type,
        stay=StayPeriod(day(first), day(until)),
        party=Party(guests),
        nightly_price=Money(9_500, currency),
        guest_id=GUEST,
    )


def allow(value: int, first: int = 1, until: int = 31, room_type: str = "DBL") -> SetOverbookingAllowance:
    return SetOverbookingAllowance(room_type=room_type, from_date=day(first), to_date=day(until), value=value)


def close(number: int) -> CloseBusinessDate:
    return CloseBusinessDate(business_date=day(number))


def cancel(who: UUID) -> CancelReservation:
    return CancelReservation(reservation_id=who)


def assign(who: UUID, room: str, *, other: bool = False) -> AssignRoom:
    return AssignRoom(reservation_id=who, room=room, allow_other_type=other)


def check_in(who: UUID) -> CheckInGuest:
    return CheckInGuest(reservation_id=who)


def check_out(who: UUID) -> CheckOutGuest:
    return CheckOutGuest(reservation_id=who)


def no_show(who: UUID) -> MarkNoShow:
    return MarkNoShow(reservation_id=who)


@dataclass(frozen=True)
class Given:
    """A house that these commands led to."""

    house: House

    def when(self, command: AnyCommand, as_id: UUID = ANNA) -> "When":
        return When(self.house, decide(self.house, Issued(as_id, NOW, command)))


@dataclass(frozen=True)
class When:
    """What was decided."""

    before: House
    decision: Decision

    def then(self, *kinds: type) -> tuple[AnyEvent, ...]:
        assert not isinstance(self.decision, Rejected), self.decision
        assert [type(event) for event in self.decision] == list(kinds)
        return self.decision

    def then_nothing_changes(self) -> None:
        assert self.decision == ()

    def then_refused(self, code: RejectionCode, **facts: object) -> None:
        assert isinstance(self.decision, Rejected), self.decision
        assert self.decision.code is code
        assert {name: self.decision.facts[name] for name in facts} == facts

    @property
    def after(self) -> House:
        assert not isinstance(self.decision, Rejected), self.decision
        return fold(self.decision, self.before)


def given(*commands: AnyCommand | tuple[UUID, AnyCommand]) -> Given:
    """The house after the commands, all of which must succeed; a pair names the command's id."""
    house = House()
    for item in commands:
        command_id, command = item if isinstance(item, tuple) else (ANNA, item)
        house = Given(house).when(command, command_id).after
    return Given(house)
