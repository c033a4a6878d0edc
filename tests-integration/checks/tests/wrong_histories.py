"""Small histories made by hand: one booked stay in one house, to which a test does something wrong."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

from checks.evidence import Evidence, StoredEvent, StoredOutcome
from harness.history import Answered, History
from shared_contracts.catalog import AnyEvent
from shared_contracts.envelope import EventEnvelope
from shared_contracts.hotels import HotelOpened, RoomType
from shared_contracts.reservations import ReservationCancelled, RoomBooked
from shared_contracts.values import Party, StayPeriod

HOTEL = "seaside"
NIGHTS = ("2027-03-01", "2027-03-02")
STAY = StayPeriod(date(2027, 3, 1), date(2027, 3, 3))


def command(number: int) -> str:
    """A command id."""
    return str(UUID(int=number))


def opened(rooms: int = 1) -> HotelOpened:
    """A house with so many double rooms."""
    numbers = tuple(f"10{room}" for room in range(rooms))
    double = RoomType(code="DBL", name="Double", max_occupancy=2, rooms=numbers)
    return HotelOpened(
        name="Seaside", time_zone="Europe/Lisbon", currency="EUR", business_date=STAY.arrival, room_types=(double,)
    )


def booked(number: int) -> RoomBooked:
    """Two nights are sold."""
    return RoomBooked(
        reservation_id=UUID(int=number),
        room_type="DBL",
        stay=STAY,
        party=Party(2),
        guest_id=UUID(int=99),
        currency="EUR",
        nightly_amounts=(9_500, 9_500),
        tasks=(),
    )


def cancelled(number: int) -> ReservationCancelled:
    """They are free again."""
    return ReservationCancelled(reservation_id=UUID(int=number), room_type="DBL", stay=STAY, room=None, tasks=())


def event(position: int, number: int, body: AnyEvent, transaction: str = "") -> StoredEvent:
    """At a position, from command ``number``."""
    envelope = EventEnvelope(
        hotel_id=HOTEL,
        position=position,
        at=datetime(2027, 3, 1, 12, tzinfo=UTC),
        principal="test",
        correlation_id=UUID(int=number),
        causation_id=UUID(int=number),
        body=body,
    )
    return StoredEvent(envelope, transaction or f"transaction {number}")


def outcome(
    number: int, position: int, status: str = "succeeded", code: str = "", nights: tuple[str, ...] = ()
) -> StoredOutcome:
    """Of command ``number``."""
    return StoredOutcome(command(number), HOTEL, status, position, code, nights)


def sent(history: History, number: int, task: str = "book-room", result: Answered = Answered.OK) -> None:
    """Command ``number`` was sent, and answered so."""
    history.invoke(command(number), HOTEL, task, "DBL", NIGHTS)
    history.answer(command(number), result, {Answered.OK: 202, Answered.REFUSED: 422}.get(result, 0), 0.0)


def told(history: History, number: int, position: int, status: str = "succeeded", code: str = "") -> None:
    """The API told the outcome of command ``number``."""
    document = {"status": status, "position": position} | ({"code": code} if code else {})
    history.outcome(command(number), document)


def a_stay() -> Evidence:
    """A house of one room is opened (1), booked (2) and looked at, and a second booking (3) is refused: all is well."""
    history = History()
    for number in (1, 2, 3):
        sent(history, number, "open-hotel" if number == 1 else "book-room")
    told(history, 1, 1)
    told(history, 2, 2)
    told(history, 3, 2, "rejected", "no_availability")
    history.look("/v1/hotels/seaside", [1])
    history.look("/v1/hotels/seaside/events after", [0, 1, 2])
    nights = [{"date": night, "sold": 1, "available": 0} for night in NIGHTS]
    return Evidence(
        history=history,
        commands={command(number): HOTEL for number in (1, 2, 3)},
        outcomes={
            command(1): outcome(1, 1),
            command(2): outcome(2, 2),
            command(3): outcome(3, 2, "rejected", "no_availability", NIGHTS),
        },
        streams={HOTEL: [event(1, 1, opened()), event(2, 2, booked(2))]},
        heads={HOTEL: 2},
        waiting={"event_outbox": 0, "commands.00": 0},
        reports={HOTEL: report()},
        availability={HOTEL: {"room_types": [{"code": "DBL", "nights": nights}]}},
    )


def report(**changes: object) -> dict[str, object]:
    """What ``query-service reconcile`` says of the house."""
    right: dict[str, object] = {
        "checkpoint": 2,
        "documents": 5,
        "drift": 0,
        "moved": 0,
        "fault": None,
        "differences": [],
    }
    return right | changes


def with_stream(evidence: Evidence, *events: StoredEvent) -> Evidence:
    """The same with these events for the house."""
    return replace(evidence, streams={HOTEL: list(events)}, heads={HOTEL: len(events)})
