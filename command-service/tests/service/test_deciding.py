import asyncio
from dataclasses import replace
from datetime import date
from uuid import uuid4

import asyncpg
import pytest

from command_service.database import Pool
from command_service.domain.reservation import NoShow
from command_service.ledger import Ledger
from orders import OPEN, ordered
from recorded import events_of, outcomes_of, tables_equal_the_fold_of_the_events
from seaside import allow, assign, book, cancel, check_in, check_out, close, no_show
from shared_contracts.hotels import CloseBusinessDate
from shared_contracts.rejections import RejectionCode


async def test_a_batch_is_decided_in_order_and_its_tables_are_the_fold_of_its_events(
    ledger: Ledger, database: Pool, registered: str
) -> None:
    anna, bruno, carla = uuid4(), uuid4(), uuid4()
    commands = [
        ordered(registered, OPEN),
        ordered(registered, allow(1)),
        ordered(registered, book(1, 4), anna),
        ordered(registered, book(1, 2), bruno),
        ordered(registered, book(2, 4), carla),
        ordered(registered, assign(anna, "101")),
        ordered(registered, check_in(anna)),
        ordered(registered, assign(bruno, "102")),
        ordered(registered, no_show(bruno)),
        ordered(registered, check_out(carla)),
        ordered(registered, close(1)),
        ordered(registered, assign(anna, "102")),
        ordered(registered, cancel(carla)),
        ordered(registered, check_out(anna)),
        ordered(registered, close(2)),
    ]
    await ledger.decide(commands[:8])
    await tables_equal_the_fold_of_the_events(database, registered)
    await ledger.decide(commands[8:])
    await tables_equal_the_fold_of_the_events(database, registered)
    expected = ["succeeded"] * len(commands)
    expected[9] = "rejected"
    assert [status for status, _ in await outcomes_of(database, commands)] == expected


async def test_a_command_that_comes_again_changes_nothing(ledger: Ledger, database: Pool, seaside: str) -> None:
    command = ordered(seaside, book(1, 4))
    await ledger.decide([command, command])
    before = await events_of(database, seaside)
    await ledger.decide([command])
    await asyncio.gather(*(ledger.decide([command]) for _ in range(5)))
    assert await events_of(database, seaside) == before
    assert len(before) == 2


async def test_the_last_room_is_sold_once_however_many_ask_at_once(
    ledger: Ledger, database: Pool, seaside: str
) -> None:
    commands = [ordered(seaside, book(5, 8, room_type="SUI")) for _ in range(60)]
    await asyncio.gather(*(ledger.decide(commands[n : n + 3]) for n in range(0, 60, 3)))
    outcomes = await outcomes_of(database, commands)
    assert outcomes.count(("succeeded", None)) == 1
    assert outcomes.count(("rejected", "no_availability")) == 59
    await tables_equal_the_fold_of_the_events(database, seaside)


async def test_a_long_stay_against_many_short_ones_ends_without_a_deadlock(
    ledger: Ledger, database: Pool, seaside: str
) -> None:
    commands = [ordered(seaside, book(n, n + 1)) for n in range(2, 12) for _ in range(3)]
    commands += [ordered(seaside, book(2, 12)) for _ in range(5)]
    await asyncio.gather(*(ledger.decide([command]) for command in commands))
    house = await tables_equal_the_fold_of_the_events(database, seaside)
    assert max(count.sold for count in house.inventory.values()) <= 2


async def test_batches_that_share_hotels_end_without_a_deadlock(ledger: Ledger, database: Pool) -> None:
    hotels = [f"hotel-{uuid4().hex[:12]}" for _ in range(4)]
    for hotel_id in hotels:
        await database.execute("INSERT INTO hotel (hotel_id) VALUES ($1)", hotel_id)
    await ledger.decide([ordered(hotel_id, OPEN) for hotel_id in hotels])
    mixed = [[ordered(hotel_id, book(1, 3)) for hotel_id in order] for order in (hotels, hotels[::-1]) * 10]
    await asyncio.gather(*(ledger.decide(batch) for batch in mixed))
    for hotel_id in hotels:
        house = await tables_equal_the_fold_of_the_events(database, hotel_id)
        assert len(house.reservations) == 2


async def test_two_people_who_do_different_tasks_to_one_reservation_both_succeed(
    ledger: Ledger, database: Pool, seaside: str
) -> None:
    anna = uuid4()
    await ledger.decide([ordered(seaside, book(1, 4), anna)])
    racing = [ordered(seaside, assign(anna, "101")), ordered(seaside, cancel(anna)), ordered(seaside, allow(1))]
    await asyncio.gather(*(ledger.decide([command]) for command in racing))
    outcomes = await outcomes_of(database, racing)
    assert outcomes[1:] == [("succeeded", None)] * 2
    assert outcomes[0] in (("succeeded", None), ("rejected", "invalid_transition"))
    await tables_equal_the_fold_of_the_events(database, seaside)


async def test_who_wants_to_be_sure_names_the_last_event_that_they_have_seen(
    ledger: Ledger, database: Pool, seaside: str
) -> None:
    anna = uuid4()
    booked = ordered(seaside, book(1, 4), anna)
    seen = replace(ordered(seaside, assign(anna, "101")), expected_version=2)
    stale = replace(ordered(seaside, cancel(anna)), expected_version=2)
    of_hotel = [replace(ordered(seaside, allow(1)), expected_version=version) for version in (1, 3)]
    unknown = replace(ordered(seaside, cancel(uuid4())), expected_version=2)
    await ledger.decide([booked])
    await ledger.decide([seen, stale, *of_hotel, unknown])
    assert await outcomes_of(database, [seen, stale, *of_hotel, unknown]) == [
        ("succeeded", None),
        ("rejected", "version_conflict"),
        ("rejected", "version_conflict"),
        ("succeeded", None),
        ("rejected", "unknown_reservation"),
    ]
    again = replace(ordered(seaside, cancel(anna)), expected_version=3)
    await ledger.decide([again])
    assert await outcomes_of(database, [again]) == [("succeeded", None)]


async def test_the_tripwires_fire_on_what_the_rules_would_never_write(database: Pool, seaside: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="never_oversold"):
        await database.execute("INSERT INTO inventory VALUES ($1, 'DBL', '2026-12-05', 3, 0, 2)", seaside)
    span = "INSERT INTO room_span VALUES ($1, '101', '2026-12-05', '2026-12-07', $2, false)"
    await database.execute(span, seaside, uuid4())
    with pytest.raises(asyncpg.ExclusionViolationError, match="one_occupant"):
        await database.execute(span, seaside, uuid4())


async def test_a_close_of_a_far_date_looks_at_no_more_than_one_that_can_be(
    ledger: Ledger, database: Pool, seaside: str
) -> None:
    await ledger.decide([ordered(seaside, book(n, n + 1)) for n in range(2, 12)])
    decided = await ledger.decide([ordered(seaside, CloseBusinessDate(business_date=date(2199, 1, 1)))])
    assert decided.outcomes[0].code is RejectionCode.WRONG_BUSINESS_DATE
    assert len(decided.before[seaside].house.reservations) <= 1
    both = await ledger.decide([ordered(seaside, close(1)), ordered(seaside, close(2))])
    assert [outcome.code for outcome in both.outcomes] == [None, None]
    house = await tables_equal_the_fold_of_the_events(database, seaside)
    assert sum(isinstance(state, NoShow) for state in house.reservations.values()) == 1
