"""Messages that nobody can read, put straight into the queues by whoever reaches the broker; all must be parked."""

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from harness.front_office import FIRST_DATE, new_id
from harness.world import World
from shared_contracts.topology import commands_queue, events_queue, partition_of
from shared_contracts.transport.amqp import close, connect_with_line

MAX_PARKED_BYTES: Final = 65_536
"""How much of a body is kept."""
TOO_LARGE: Final = 1_100_000
DEEP: Final = 5_000
AT: Final = f"{FIRST_DATE.isoformat()}T12:00:00+00:00"

Make = Callable[[random.Random, str], bytes]


@dataclass(frozen=True, slots=True)
class Poison:
    """Plants, and notes down in the world's tallies what must be parked for it."""

    world: World
    rng: random.Random

    async def plant_commands(self, hotels: Sequence[str], count: int) -> None:
        """So many bad messages among the hotels' commands, one after the other."""
        bodies = self._bodies(hotels, COMMANDS, count)
        await self._publish([(commands_queue(partition_of(hotel)), body) for hotel, body in bodies])
        self.world.tallies.planted.bodies += [body[:MAX_PARKED_BYTES] for _, body in bodies]

    async def plant_events(self, hotels: Sequence[str], count: int) -> None:
        """So many among the hotels' events; two that are the same are parked once."""
        bodies = [(events_queue(partition_of(hotel)), body) for hotel, body in self._bodies(hotels, EVENTS, count)]
        await self._publish(bodies)
        names = [hashlib.sha256(queue.encode() + b"\x00" + body).hexdigest() for queue, body in bodies]
        self.world.tallies.planted.messages += names

    def _bodies(self, hotels: Sequence[str], kinds: Sequence[Make], count: int) -> list[tuple[str, bytes]]:
        found = []
        for number in range(count):
            hotel = self.rng.choice(hotels)
            found.append((hotel, kinds[number % len(kinds)](self.rng, hotel)))
        return found

    async def _publish(self, messages: Sequence[tuple[str, bytes]]) -> None:
        connection, line = await connect_with_line(self.world.servers["rabbitmq"].url, "innkeep-chaos-poison")
        try:
            channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
            for queue, body in messages:
                await channel.basic_publish(body, routing_key=queue, mandatory=True)
        finally:
            await close(connection)
            line.cut()


def _noise(rng: random.Random, _: str) -> bytes:
    return rng.randbytes(rng.randint(16, 400))


def _cut(rng: random.Random, hotel: str) -> bytes:
    whole = orjson.dumps(_command(rng, hotel))
    return whole[: rng.randint(40, len(whole) - 1)]


def _other_shape(rng: random.Random, _: str) -> bytes:
    return orjson.dumps(rng.choice([[new_id(rng)], {"hello": new_id(rng)}, new_id(rng)]))


def _deep(rng: random.Random, _: str) -> bytes:
    return b'{"id":' + b"[" * DEEP + str(rng.getrandbits(60)).encode() + b"]" * DEEP + b"}"


def _too_large(rng: random.Random, hotel: str) -> bytes:
    return orjson.dumps(_command(rng, hotel) | {"filler": new_id(rng) + "x" * TOO_LARGE})


def _command(rng: random.Random, hotel: str) -> dict[str, Any]:
    frame = {"id": new_id(rng), "type": "cancel-reservation", "hotel_id": hotel, "at": AT, "principal": "nobody"}
    return frame | {"correlation_id": new_id(rng), "body": {"reservation_id": new_id(rng)}}


def _event(rng: random.Random, hotel: str) -> dict[str, Any]:
    frame = {"type": "BusinessDateClosed", "version": 1, "hotel_id": hotel, "position": 1, "at": AT}
    frame |= {"principal": "nobody", "correlation_id": new_id(rng), "causation_id": new_id(rng)}
    return frame | {"body": {"closed": "2027-03-01", "business_date": "2027-03-02"}}


def _wrong(message: Callable[[random.Random, str], dict[str, Any]], changes: Sequence[dict[str, Any]]) -> Make:
    """The message with one of the changes, which makes it unreadable."""

    def make(rng: random.Random, hotel: str) -> bytes:
        return orjson.dumps(message(rng, hotel) | rng.choice(changes))

    return make


BAD_COMMANDS: Final[Sequence[dict[str, Any]]] = (
    {"type": "sell-the-hotel"},
    {"type": 7},
    {"id": "not-an-id"},
    {"hotel_id": "NO HOTEL"},
    {"at": "yesterday"},
    {"body": {}},
    {"body": {"reservation_id": 12}},
    {"body": [1, 2, 3]},
    {"principal": None},
    {"expected_version": "seven"},
)
BAD_EVENTS: Final[Sequence[dict[str, Any]]] = (
    {"version": 99},
    {"version": 0},
    {"type": "HotelSold"},
    {"position": 0},
    {"position": "first"},
    {"body": {"closed": "tomorrow", "business_date": 5}},
    {"body": {}},
    {"hotel_id": None},
)
COMMANDS: Final[Sequence[Make]] = (_noise, _cut, _other_shape, _wrong(_command, BAD_COMMANDS), _deep)
EVENTS: Final[Sequence[Make]] = (_noise, _other_shape, _wrong(_event, BAD_EVENTS), _deep, _too_large)
