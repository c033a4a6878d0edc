from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared_contracts.catalog import COMMANDS, EVENTS
from shared_contracts.envelope import (
    MAX_MESSAGE_BYTES,
    CommandEnvelope,
    EventEnvelope,
    UnreadableMessageError,
    decode_command,
    decode_event,
    encode_command,
    encode_event,
)
from shared_contracts.hotels import BusinessDateClosed, CloseBusinessDate, HotelOpened, OpenHotel, RoomType
from shared_contracts.inventory import OverbookingAllowanceSet, SetOverbookingAllowance
from shared_contracts.message import Command, Event
from shared_contracts.reservations import (
    AssignRoom,
    BookRoom,
    CancelReservation,
    CheckInGuest,
    CheckOutGuest,
    GuestCheckedIn,
    GuestCheckedOut,
    MarkedNoShow,
    MarkNoShow,
    PossibleTask,
    ReservationCancelled,
    RoomAssigned,
    RoomBooked,
)
from shared_contracts.values import MAX_AMOUNT_MINOR, Money, Party, StayPeriod

WHO = UUID(int=7)
DAY = date(2026, 12, 1)
STAY = StayPeriod(DAY, date(2026, 12, 4))
TYPES = (RoomType(code="DBL", name="Doble Ñandú", max_occupancy=2, rooms=("101", "102")),)
TASKS = (
    PossibleTask(task="cancel-reservation"),
    PossibleTask(task="check-in-guest", refusal="not_due_in", opens=DAY, closes=DAY),
)

COMMAND_SAMPLES: list[Command] = [
    OpenHotel(name="Seaside", time_zone="Europe/Lisbon", currency="EUR", business_date=DAY, room_types=TYPES),
    CloseBusinessDate(business_date=DAY),
    SetOverbookingAllowance(room_type="DBL", from_date=DAY, to_date=date(2027, 1, 1), value=-2),
    BookRoom(room_type="DBL", stay=STAY, party=Party(2, 1), nightly_price=Money(9_500, "EUR"), guest_id=WHO),
    CancelReservation(reservation_id=WHO),
    AssignRoom(reservation_id=WHO, room="101", allow_other_type=True),
    CheckInGuest(reservation_id=WHO),
    CheckOutGuest(reservation_id=WHO),
    MarkNoShow(reservation_id=WHO),
]
OF_STAY = {"reservation_id": WHO, "room_type": "DBL", "stay": STAY, "tasks": TASKS}
PRICED = {"currency": "EUR", "nightly_amounts": (9_500, 0, MAX_AMOUNT_MINOR)}
EVENT_SAMPLES: list[Event] = [
    HotelOpened(name="Seaside", time_zone="Europe/Lisbon", currency="EUR", business_date=DAY, room_types=TYPES),
    BusinessDateClosed(closed=DAY, business_date=date(2026, 12, 2)),
    OverbookingAllowanceSet(room_type="DBL", from_date=DAY, to_date=date(2027, 1, 1), value=-2),
    RoomBooked(**OF_STAY, **PRICED, party=Party(2, 1), guest_id=WHO),
    ReservationCancelled(**OF_STAY, room=None),
    RoomAssigned(**OF_STAY, room="101", type_of_room="SUI", from_date=DAY, previous_room="102", in_house=False),
    GuestCheckedIn(**OF_STAY, **PRICED, party=Party(2), guest_id=WHO, room="101"),
    GuestCheckedOut(**OF_STAY, **PRICED, party=Party(2), guest_id=WHO, departed_on=DAY, room="101", freed_amounts=(1,)),
    MarkedNoShow(**OF_STAY, released_from=date(2026, 12, 2), room="101"),
]


def of_command(body: Command) -> CommandEnvelope:
    at = datetime(2026, 11, 25, 9, 0, 0, 123_456, tzinfo=UTC)
    return CommandEnvelope(id=WHO, hotel_id="seaside", at=at, principal="desk", correlation_id=WHO, body=body)


def of_event(body: Event) -> EventEnvelope:
    at = datetime(2026, 11, 25, 9, 0, 0, 123_456, tzinfo=UTC)
    return EventEnvelope(
        hotel_id="seaside", position=3, at=at, principal="desk", correlation_id=WHO, causation_id=WHO, body=body
    )


def test_the_samples_are_all_there_is() -> None:
    assert {type(sample) for sample in COMMAND_SAMPLES} == set(COMMANDS.values())
    assert {type(sample) for sample in EVENT_SAMPLES} == set(EVENTS.values())


@pytest.mark.parametrize("body", COMMAND_SAMPLES, ids=lambda body: type(body).__name__)
def test_a_command_is_read_as_it_was_written(body: Command) -> None:
    envelope = replace(of_command(body), expected_version=5)
    assert decode_command(encode_command(envelope)) == envelope


@pytest.mark.parametrize("body", EVENT_SAMPLES, ids=lambda body: type(body).__name__)
def test_an_event_is_read_as_it_was_written(body: Event) -> None:
    assert decode_event(encode_event(of_event(body))) == of_event(body)


@pytest.mark.parametrize("body", EVENT_SAMPLES, ids=lambda body: type(body).__name__)
def test_a_reader_ignores_what_a_newer_writer_added(body: Event) -> None:
    message = orjson.loads(encode_event(of_event(body)))
    message["body"]["loyalty_tier"] = "gold"
    message["trace"] = "1"
    assert decode_event(orjson.dumps(message)) == of_event(body)


def test_a_version_or_type_that_this_code_does_not_know_is_unreadable() -> None:
    message = orjson.loads(encode_event(of_event(EVENT_SAMPLES[1])))
    for change in ({"version": 2}, {"version": 0}, {"type": "HotelSold"}, {"position": 0}, {"hotel_id": "A B"}):
        with pytest.raises(UnreadableMessageError):
            decode_event(orjson.dumps(message | change))
    with pytest.raises(UnreadableMessageError):
        decode_command(b" " * (MAX_MESSAGE_BYTES + 1))


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=20,
)


@given(st.binary() | JSON.map(orjson.dumps))
@example(b"[" * 100_000)
@example(b'{"id":"\\ud800"}')
@example(b'{"position":1e999}')
def test_whatever_a_queue_holds_is_read_or_called_unreadable(message: bytes) -> None:
    for decode in (decode_command, decode_event):
        with pytest.raises(UnreadableMessageError):
            decode(message)


@given(st.sampled_from(EVENT_SAMPLES), st.sampled_from(["reservation_id", "stay", "room", "value", "closed"]), JSON)
def test_a_field_with_anything_in_it_is_read_or_called_unreadable(body: Event, name: str, value: object) -> None:
    message = orjson.loads(encode_event(of_event(body)))
    message["body"][name] = value
    with suppress(UnreadableMessageError):
        assert decode_event(orjson.dumps(message)).hotel_id == "seaside"
