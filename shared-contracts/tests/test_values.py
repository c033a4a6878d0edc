from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared_contracts.catalog import COMMANDS
from shared_contracts.hotels import OpenHotel, RoomType
from shared_contracts.message import task_of
from shared_contracts.topology import PARTITIONS, QUEUES, partition_of
from shared_contracts.values import MAX_PARTY, MAX_STAY_NIGHTS, Party, StayPeriod, nights_between

DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@given(DAYS, st.integers(1, MAX_STAY_NIGHTS))
def test_a_stay_has_a_night_for_each_date_from_arrival_to_before_departure(arrival: date, nights: int) -> None:
    departure = date.fromordinal(arrival.toordinal() + nights)
    stay = StayPeriod(arrival, departure)
    assert len(stay.nights) == nights
    assert stay.nights[0] == arrival
    assert departure not in stay.nights


def test_a_stay_without_a_night_or_with_too_many_is_no_stay() -> None:
    for departure in (date(2026, 12, 1), date(2026, 11, 30), date(2028, 12, 1)):
        with pytest.raises(ValueError, match=r"departure|nights"):
            StayPeriod(date(2026, 12, 1), departure)
    assert nights_between(date(2026, 12, 2), date(2026, 12, 1)) == ()


def test_dates_at_the_ends_of_the_calendar_are_no_dates_of_a_hotel() -> None:
    reader = TypeAdapter(StayPeriod)
    for year in ("0001", "1989", "2200", "9999"):
        with pytest.raises(ValidationError):
            reader.validate_json(f'{{"arrival":"{year}-01-01","departure":"{year}-01-02"}}', strict=True)


def test_a_party_has_somebody_in_it_and_not_everybody() -> None:
    for adults, children in ((0, 0), (MAX_PARTY, 1)):
        with pytest.raises(ValueError, match="guests"):
            Party(adults, children)
    assert Party(0, 1).size == 1


def test_codes_and_room_numbers_are_unique_in_a_hotel() -> None:
    def hotel(*room_types: RoomType) -> OpenHotel:
        day = date(2026, 12, 1)
        return OpenHotel(name="S", time_zone="Europe/Lisbon", currency="EUR", business_date=day, room_types=room_types)

    double = RoomType(code="DBL", name="Double", max_occupancy=2, rooms=("101",))
    with pytest.raises(ValueError, match="code"):
        hotel(double, RoomType(code="DBL", name="Other", max_occupancy=2, rooms=()))
    with pytest.raises(ValueError, match="number"):
        hotel(double, RoomType(code="SUI", name="Suite", max_occupancy=2, rooms=("101",)))


def test_a_hotel_stays_in_its_partition_in_every_release() -> None:
    assert [partition_of(name) for name in ("seaside", "bayview", "hotel-1", "hotel-2")] == [5, 1, 12, 6]
    assert {partition_of(f"hotel-{n}") for n in range(500)} == set(range(PARTITIONS))


def test_every_queue_is_durable_of_quorum_type_and_has_an_exchange() -> None:
    assert len(QUEUES) == 2 * PARTITIONS + 1
    for queue in QUEUES:
        assert queue.arguments["x-queue-type"] == "quorum"
        assert queue.exchange


def test_tasks_are_named_as_the_front_desk_says_them() -> None:
    assert all(task_of(command) == task for task, command in COMMANDS.items())
    assert {"book-room", "check-in-guest", "mark-no-show"} <= set(COMMANDS)
