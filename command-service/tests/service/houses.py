"""A hotel in which everything has happened: somebody is expected, in house, gone, cancelled, and never came."""

from uuid import uuid4

from orders import OPEN, ordered
from seaside import allow, assign, book, cancel, check_in, check_out, close, no_show
from shared_contracts.envelope import CommandEnvelope


def a_busy_house(hotel_id: str) -> list[CommandEnvelope]:
    """Its commands, of which one is rejected, and one changes nothing."""
    anna, bruno, carla, dora, emil = (uuid4() for _ in range(5))
    return [
        ordered(hotel_id, OPEN),
        ordered(hotel_id, allow(3)),
        ordered(hotel_id, book(1, 4), anna),
        ordered(hotel_id, book(1, 3), bruno),
        ordered(hotel_id, book(2, 4), carla),
        ordered(hotel_id, book(5, 9), dora),
        ordered(hotel_id, book(1, 2, room_type="SUI"), emil),
        ordered(hotel_id, assign(anna, "101")),
        ordered(hotel_id, check_in(anna)),
        ordered(hotel_id, assign(dora, "102")),
        ordered(hotel_id, no_show(bruno)),
        ordered(hotel_id, cancel(carla)),
        ordered(hotel_id, cancel(carla)),
        ordered(hotel_id, check_out(dora)),
        ordered(hotel_id, assign(emil, "201")),
        ordered(hotel_id, check_in(emil)),
        ordered(hotel_id, check_out(emil)),
        ordered(hotel_id, close(1)),
    ]
