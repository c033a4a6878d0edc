"""What holds for every hotel, whatever is asked of it in whatever order."""

from uuid import UUID

from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from command_service.domain.decide import decide
from command_service.domain.decider import Issued, fold
from command_service.domain.hotel import OpenedHotel
from command_service.domain.house import House
from command_service.domain.inventory import NOTHING_SOLD
from command_service.domain.rejected import Rejected
from command_service.domain.reservation import CheckedOut, Confirmed, InHouse, NoShow, possible_tasks
from seaside import NOW, OPEN, Given, allow, assign, book, cancel, check_in, check_out, close, day, no_show
from shared_contracts.catalog import COMMANDS, AnyCommand, AnyEvent
from shared_contracts.hotels import HotelOpened
from shared_contracts.message import task_of
from shared_contracts.rejections import RejectionCode

PEOPLE = [UUID(int=n) for n in range(1, 9)]
people = st.sampled_from(PEOPLE)
stays = st.tuples(st.integers(1, 6), st.integers(1, 3)).map(lambda s: (s[0], s[0] + s[1]))
rooms = st.sampled_from(["101", "102", "201", "999"])
tasks = st.one_of(
    st.builds(
        lambda who, stay, kind: (who, book(*stay, room_type=kind)), people, stays, st.sampled_from(["DBL", "SUI"])
    ),
    st.builds(lambda who: (who, cancel(who)), people),
    st.builds(lambda who, room, other: (who, assign(who, room, other=other)), people, rooms, st.booleans()),
    st.builds(lambda who: (who, check_in(who)), people),
    st.builds(lambda who: (who, check_out(who)), people),
    st.builds(lambda who: (who, no_show(who)), people),
    st.builds(lambda n: (PEOPLE[0], close(n)), st.integers(1, 6)),
    st.builds(lambda value, first: (PEOPLE[0], allow(value, first)), st.integers(-2, 2), st.integers(1, 6)),
)
histories = st.lists(tasks, max_size=60)


def play(history: list[tuple[UUID, AnyCommand]]) -> tuple[House, list[AnyEvent]]:
    """The house after all that was accepted, and the events; a booking's id is used once, as in the service."""
    events: list[AnyEvent] = list(Given(House()).when(OPEN).then(HotelOpened))
    house = fold(events)
    for who, command in history:
        if task_of(type(command)) == "book-room" and who in house.reservations:
            continue
        decision = decide(house, Issued(who, NOW, command))
        if not isinstance(decision, Rejected):
            house = fold(decision, house)
            events.extend(decision)
    return house, events


@for_all(histories)
@settings(max_examples=150)
def test_no_night_is_sold_beyond_its_limit_and_every_sold_night_has_its_buyer(history: list) -> None:
    house, _ = play(history)
    assert isinstance(house.hotel, OpenedHotel)
    expected: dict[tuple[str, object], int] = {}
    for reservation in house.reservations.values():
        stay = reservation.booking.stay
        match reservation:
            case Confirmed() | InHouse():
                nights = stay.nights
            case NoShow():
                nights = stay.nights[:1]
            case CheckedOut(departed_on=departed_on):
                nights = tuple(night for night in stay.nights if night < departed_on)
            case _:
                nights = ()
        for night in nights:
            key = (reservation.booking.room_type, night)
            expected[key] = expected.get(key, 0) + 1
    for key, count in house.inventory.items():
        physical = len(house.hotel.room_types[key[0]].rooms)
        assert 0 <= count.sold <= physical + count.allowance
        assert count.sold == expected.get(key, 0)
    assert set(expected) <= set(house.inventory)


@for_all(histories)
@settings(max_examples=100)
def test_no_room_is_promised_twice_for_a_night(history: list) -> None:
    house, _ = play(history)
    for spans in house.calendars.values():
        for one in spans:
            for other in spans:
                assert one is other or one.to_date <= other.from_date or other.to_date <= one.from_date
        assert sum(span.occupied for span in spans) <= 1


@for_all(histories)
@settings(max_examples=60)
def test_the_house_is_the_fold_of_its_events(history: list) -> None:
    house, events = play(history)
    assert fold(events) == house


@for_all(histories, st.integers(1, 8))
@settings(max_examples=100)
def test_a_free_night_is_never_refused(history: list, first: int) -> None:
    house, _ = play(history)
    assert isinstance(house.hotel, OpenedHotel)
    decision = decide(house, Issued(UUID(int=77), NOW, book(first, first + 2)))
    counts = [house.inventory.get(("DBL", day(n)), NOTHING_SOLD) for n in (first, first + 1)]
    free = all(count.sold < 2 + count.allowance for count in counts) and day(first) >= house.hotel.business_date
    refused = isinstance(decision, Rejected)
    assert refused is not free
    if refused and day(first) >= house.hotel.business_date:
        assert decision.code is RejectionCode.NO_AVAILABILITY


@for_all(histories)
@settings(max_examples=100)
def test_the_tasks_told_to_readers_are_those_that_would_be_accepted(history: list) -> None:
    house, _ = play(history)
    assert isinstance(house.hotel, OpenedHotel)
    today = house.hotel.business_date
    about_rooms = {RejectionCode.ROOM_NOT_FREE, RejectionCode.ROOM_OCCUPIED, RejectionCode.ROOM_TYPE_MISMATCH}
    for key, reservation in house.reservations.items():
        for possible in possible_tasks(reservation):
            fields = {"reservation_id": key} | ({"room": "101"} if possible.task == "assign-room" else {})
            decision = decide(house, Issued(key, NOW, COMMANDS[possible.task](**fields)))  # type: ignore[arg-type]
            in_window = (possible.opens is None or possible.opens <= today) and (
                possible.closes is None or today <= possible.closes
            )
            windowed = possible.opens is not None or possible.closes is not None
            if possible.refusal is None or (windowed and in_window):
                assert not isinstance(decision, Rejected) or decision.code in about_rooms
            else:
                assert isinstance(decision, Rejected)
                assert decision.code == possible.refusal


def test_every_command_has_a_decision() -> None:
    who = PEOPLE[0]
    samples = [OPEN, close(1), allow(1), book(1, 2), cancel(who), assign(who, "101"), check_in(who), check_out(who)]
    samples.append(no_show(who))
    assert {type(sample) for sample in samples} == set(COMMANDS.values())
    for house in (House(), Given(House()).when(OPEN).after):
        for sample in samples:
            assert isinstance(decide(house, Issued(who, NOW, sample)), tuple | Rejected)
