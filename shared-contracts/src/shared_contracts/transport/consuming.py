"""The consume loop: takes what the queues hold in batches, in order, and settles every delivery."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

import structlog

from shared_contracts.transport.amqp import BrokerError, close, connect_with_line, given_up_is_closed
from shared_contracts.transport.deliveries import Deliveries
from shared_contracts.transport.inbox import Delivery, Inbox
from shared_contracts.transport.resting import rest_seconds, waited_for_a_core
from shared_contracts.transport.sharing import Sharing
from shared_contracts.transport.waiting import wait_for, wait_for_all, wait_for_any, wait_for_either

__all__ = ["Consumer", "Delivery", "HandleBatch", "wait_for", "wait_for_any", "wait_for_either"]

RECONNECT_SECONDS: Final = 0.5
GIVE_WAY_SECONDS: Final = 5
JOIN_SECONDS: Final = 5

log = structlog.get_logger()

HandleBatch = Callable[[Sequence[Delivery]], Awaitable[None]]
"""Deals with every delivery for good before it returns; raises where it could not, and all come again, in order."""


@dataclass(slots=True)
class Consumer:
    """Consumes ``queues``, at most ``prefetch`` unsettled of each, ``batch`` at a time; it rests after a small batch.

    Where much waits up to ``at_once`` batches, which have no queue in common, are handled at the same time: the one is
    worked on while another waits for an answer. Where anything in them had been delivered before they are handled one
    after the other, so that who dies over a message dies over no batch but its own.

    The queues are expected to have a single active consumer: every process stands in the line of each queue, and the
    next takes over when the first is gone. With ``sharing``, a process goes to the end of the lines of the queues that
    another is to serve.
    """

    url: str
    name: str
    queues: Sequence[str]
    prefetch: int
    batch: int
    handle: HandleBatch
    sharing: Sharing | None = None
    at_once: int = 1
    connected: bool = False
    redelivered: int = 0
    taken: Counter[str] = field(default_factory=Counter[str])

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until ``stop``; connects again for as long as the broker or ``handle`` fails."""
        while not stop.is_set():
            try:
                with given_up_is_closed():
                    await self._consume(stop)
            except BrokerError as error:
                log.warning("broker_lost", consumer=self.name, error=repr(error))
            except Exception:
                log.exception("batch_failed", consumer=self.name)
            finally:
                self._is_connected(connected=False)
            await wait_for(stop, RECONNECT_SECONDS)

    async def _consume(self, stop: asyncio.Event) -> None:
        arriving = Deliveries()
        connection, line = await connect_with_line(self.url, self.name, arriving)
        inbox = Inbox(connection, arriving, self.prefetch)
        events = (stop,) if self.sharing is None else (stop, self.sharing.looked)
        try:
            for queue in self._own_first():
                # A broker that is starting may answer heartbeats, and never about a queue without a leader.
                async with asyncio.timeout(JOIN_SECONDS):
                    await inbox.join(queue, self._owner(queue))
            self._is_connected(connected=True)
            while True:
                await inbox.something(*events)
                if stop.is_set():
                    return
                await self._give_way(inbox)
                if batches := inbox.take(self.batch, self.at_once):
                    before = waited_for_a_core()
                    await self._handle(batches, inbox)
                    waited = waited_for_a_core() - before
                    await wait_for(stop, rest_seconds(waited, len(batches[0]), min(self.batch, self.prefetch)))
        finally:
            await close(connection)
            line.cut()

    async def _handle(self, batches: Sequence[Sequence[Delivery]], inbox: Inbox) -> None:
        """Handle and settle all; raises where one could not be, after those under way have ended.

        Then those that are not settled come again.
        """
        again = 0
        for deliveries in batches:
            again += sum(delivery.count > 0 for delivery in deliveries)
            self.taken.update(delivery.queue for delivery in deliveries)
        self.redelivered += again
        if not again:
            await wait_for_all(map(self.handle, batches))
            await inbox.settle(list(chain(*batches)))
            return
        for deliveries in batches:
            await self.handle(deliveries)
            await inbox.settle(deliveries)

    async def _give_way(self, inbox: Inbox) -> None:
        """Once a look: leave each queue that another is to serve, where that is news or it was served here since.

        Who only stands in the line moves as well when the owner has changed, so that the new owner comes to its front.
        """
        if self.sharing is None or not self.sharing.looked.is_set():
            return
        self.sharing.looked.clear()
        async with asyncio.timeout(GIVE_WAY_SECONDS):
            for queue, place in list(inbox.places.items()):
                owner = self.sharing.owner(queue)
                moved = place.owner is not None and owner != place.owner
                if owner != self.sharing.member and (moved or place.delivered):
                    await inbox.rejoin(queue, owner)
                else:
                    place.owner, place.delivered = owner, False

    def _own_first(self) -> list[str]:
        """The queues in the order in which their lines are joined."""
        own = frozenset(self.sharing.owned()) if self.sharing else frozenset[str]()
        return sorted(self.queues, key=lambda queue: queue not in own)

    def _owner(self, queue: str) -> str | None:
        return self.sharing.owner(queue) if self.sharing else None

    def _is_connected(self, *, connected: bool) -> None:
        self.connected = connected
        if self.sharing is not None:
            self.sharing.present = connected
