"""Clients of the front offices of some hotels: they send at a rate or in turn, whatever breaks, and forget nothing.

What ended unknown is sent again under the same id until the API has answered it.
"""

import asyncio
import itertools
import random
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import httpx2

from harness.front_office import ROOMS, House, Order, Rooms, next_order, opening
from harness.history import Answered, History
from harness.world import World

RATE: Final = 20.0
RESEND_SECONDS: Final = 0.1
MAX_RESEND_SECONDS: Final = 1.0
AGAIN: Final = frozenset({408, 429})
WAIT: Final = {"Prefer": "wait=4"}
ASKING: Final = 64
REST_SECONDS: Final = 120.0


@dataclass(slots=True)
class Load:
    """``open_requests`` counts sendings that have no answer yet."""

    world: World
    history: History
    houses: list[House]
    rng: random.Random
    open_requests: int = 0
    _sending: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    @property
    def waiting(self) -> int:
        """How many commands were sent that have no answer yet."""
        return len(self._sending)

    async def open_hotels(self, rooms: Rooms = ROOMS) -> None:
        """Open every house with these rooms; each opening has an outcome when this returns."""
        await self.closed((opening(house, self.rng, rooms) for house in self.houses), len(self.houses))

    async def at_rate(self, stop: asyncio.Event, rate: float = RATE) -> None:
        """Send ``rate`` commands a second until ``stop``, and wait for none: a server that hangs gets no pause."""
        started = time.monotonic()
        for number in itertools.count():
            late = started + number / rate - time.monotonic()
            if late > 0:
                await asyncio.sleep(late)
            if stop.is_set():
                return
            self.post(self.next())

    def burst(self, count: int) -> None:
        """Send so many at once; returns at once."""
        for _ in range(count):
            self.post(self.next())

    def next(self) -> Order:
        """The next task of one of the houses."""
        return next_order(self.rng.choice(self.houses), self.rng)

    def post(self, order: Order) -> None:
        """Send it, and again until it is answered; returns at once."""
        task = asyncio.create_task(self.send(order))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def closed(self, orders: Iterable[Order], clients: int) -> None:
        """So many clients take orders in turn, and each waits for its outcome before it takes the next."""
        remaining = iter(orders)
        async with asyncio.TaskGroup() as group:
            for _ in range(clients):
                group.create_task(self._client(remaining))

    async def send(self, order: Order, *, wait: bool = False) -> None:
        """Send it until it is answered; with ``wait``, also until its outcome is told."""
        self.history.invoke(order.id, order.hotel_id, order.task, order.room_type, order.nights)
        pause = RESEND_SECONDS
        while (result := await self.attempt(order, wait=wait)) is Answered.UNKNOWN:
            await asyncio.sleep(pause * self.rng.uniform(0.5, 1.0))
            pause = min(pause * 2, MAX_RESEND_SECONDS)
        if wait and result is Answered.OK and order.id not in self.history.told:
            await self._await_outcome(order.id)

    async def attempt(self, order: Order, *, wait: bool = False, api: str = "command-api") -> Answered:
        """Send it once, to the API process of that name; how that ended."""
        url = f"{self.world[api].url}/v1/hotels/{order.hotel_id}/commands/{order.task}"
        headers = {"Idempotency-Key": order.id, **(WAIT if wait else {})}
        sent = time.monotonic()
        self.open_requests += 1
        try:
            answer = await self.world.client.post(url, json=order.body, headers=headers)
        except httpx2.HTTPError:
            self.history.answer(order.id, Answered.UNKNOWN, 0, sent)
            return Answered.UNKNOWN
        finally:
            self.open_requests -= 1
        result = meaning(answer.status_code)
        self.history.answer(order.id, result, answer.status_code, sent)
        if answer.status_code == 200:
            self.history.outcome(order.id, answer.json())
        return result

    async def rest(self, stall: float = REST_SECONDS) -> None:
        """Return when everything that was sent is answered and every outcome is told.

        ``TimeoutError`` names some that are not, once nothing has come for ``stall`` seconds.
        """
        asking = asyncio.create_task(self._hear_the_rest())
        came = (-1, -1)
        try:
            while not asking.done():
                now = (len(self._sending), len(self.history.told))
                if now == came:
                    untold = self._untold()
                    raise TimeoutError(f"{len(untold)} commands have no outcome, such as {untold[:3]}")
                came = now
                await asyncio.wait([asking], timeout=stall)
            asking.result()
        finally:
            asking.cancel()

    async def abandon(self) -> None:
        """Send nothing any more, whatever is unanswered."""
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)

    async def _hear_the_rest(self) -> None:
        while self._sending:
            await asyncio.gather(*self._sending)
        asking = asyncio.Semaphore(ASKING)
        await asyncio.gather(*(self._ask_in_turn(key, asking) for key in self._untold()))

    def _untold(self) -> list[str]:
        return [key for key in self.history.acknowledged() if key not in self.history.told]

    async def _client(self, orders: Iterator[Order]) -> None:
        for order in orders:
            await self.send(order, wait=True)

    async def _ask_in_turn(self, command_id: str, asking: asyncio.Semaphore) -> None:
        async with asking:
            await self._await_outcome(command_id)

    async def _await_outcome(self, command_id: str) -> None:
        url = f"{self.world.command_url}/v1/commands/{command_id}"
        while True:
            try:
                answer = await self.world.client.get(url, headers=WAIT)
            except httpx2.HTTPError:
                await asyncio.sleep(RESEND_SECONDS)
                continue
            if answer.status_code == 404:
                return  # it was acknowledged and is not there: the check of what was acknowledged says so
            if answer.status_code == 200 and answer.json()["status"] != "accepted":
                self.history.outcome(command_id, answer.json())
                return
            if answer.status_code != 200:
                await asyncio.sleep(RESEND_SECONDS)


def meaning(status: int) -> Answered:
    """What a status code says of the command that was sent."""
    if 200 <= status < 300:
        return Answered.OK
    return Answered.REFUSED if 400 <= status < 500 and status not in AGAIN else Answered.UNKNOWN
