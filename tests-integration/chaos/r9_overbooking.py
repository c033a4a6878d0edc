"""R9: many clients want three times what there is; no night is overbooked, and none is refused while free."""

import random
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from chaos.figure import Figure, Result
from chaos.killed import SHOWN
from chaos.trial import trial
from checks.evidence import Evidence
from checks.v4_capacity import full_house_refusals, overbooked, refused_while_free
from harness.front_office import FIRST_DATE, House, Order, booking, new_id
from harness.world import World, hotel_names

CLIENTS: Final = 32
NIGHTS: Final = 50
DEMAND: Final = 3
STAYS: Final = (1, 1, 2, 3, 4)
CANCELLED: Final = 0.1
ROOMS: Final = {f"CAP{size}": [f"{size}{room:02}" for room in range(size)] for size in range(1, 6)}
ROOM_NIGHTS: Final = sum(map(len, ROOMS.values())) * NIGHTS


async def measure(world: World, n: int, rng: random.Random) -> list[Result]:
    """``n`` bookings, and a cancellation now and then, so that nights are free again."""
    wanted = n * sum(STAYS) / len(STAYS)
    houses = [House(name) for name in hotel_names("R9", rng, max(1, round(wanted / DEMAND / ROOM_NIGHTS)))]
    async with trial(world, "R9", rng, rate=0, houses=houses, rooms=ROOMS) as running:
        await running.load.closed(bookings(houses, rng, n), CLIENTS)
        violations = await running.judge(prompt=True)
        evidence = await running.evidence()
    over, free, refused = counts(evidence, running.hotels)
    booked = sum(outcome.status == "succeeded" for outcome in evidence.outcomes.values())
    notes = [f"{booked} commands succeeded, {refused} bookings refused as full, {len(houses)} hotels"]
    notes += [] if refused and booked else ["nothing was scarce, or nothing was sold"]
    notes += [str(violation) for violation in violations[:SHOWN]]
    met = not violations and refused > 0 and booked > 0
    return [Result(FIGURE.name, n, f"{over}; {free}", FIGURE.target, met, "; ".join(notes))]


def bookings(houses: Sequence[House], rng: random.Random, count: int) -> Iterator[Order]:
    """So many bookings over the houses, their room types and nights, with cancellations of earlier ones between."""
    sent: list[Order] = []
    for _ in range(count):
        house, nights = rng.choice(houses), rng.choice(STAYS)
        arrival = FIRST_DATE + timedelta(days=rng.randrange(NIGHTS - nights + 1))
        order = booking(house, rng, (rng.choice(list(ROOMS)), arrival, arrival + timedelta(days=nights)))
        sent.append(order)
        yield order
        if rng.random() < CANCELLED:
            gone = sent.pop(rng.randrange(len(sent)))
            body = {"reservation_id": gone.id}
            yield Order(new_id(rng), gone.hotel_id, "cancel-reservation", body, gone.room_type, gone.nights)


def counts(evidence: Evidence, hotels: Sequence[str]) -> tuple[int, int, int]:
    """Nights overbooked, refusals of free nights, and bookings refused as full, by replaying each log."""
    over = free = refused = 0
    for hotel in hotels:
        log = [event.envelope for event in evidence.streams[hotel]]
        refusals = full_house_refusals(evidence.outcomes, hotel)
        over += len({night for _, night, _ in overbooked(log)})
        free += len(list(refused_while_free(log, refusals, evidence.history)))
        refused += len(refusals)
    return over, free, refused


FIGURE: Final = Figure("R9", "nights overbooked; free nights refused", "0; 0", 20_000, 2_000, measure)
