"""Unsent rows to the broker: commands to their queues, events to everybody. The only publisher.

It looks for what is unsent, in order, and keeps no cursor that a late row could be behind. A crash between the confirm
and the deletion sends twice; everybody downstream expects it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import asyncpg
import structlog
from pydantic import SecretStr

from command_service.database import DatabaseDownError, Session, connect
from command_service.lost import send_lost_again
from command_service.metrics import RelayMetrics
from command_service.queries import queries
from command_service.settings import (
    LOST_LOOK_SECONDS,
    RELAY_BATCH,
    RELAY_BUSY_SECONDS,
    RELAY_IDLE_SECONDS,
    RELAY_LOCK,
    RELAY_RETRY_SECONDS,
    STANDBY_SECONDS,
)
from shared_contracts.topology import COMMANDS_EXCHANGE, EVENTS_EXCHANGE, commands_key, events_key, partition_of
from shared_contracts.transport.amqp import BrokerError
from shared_contracts.transport.consuming import wait_for, wait_for_any
from shared_contracts.transport.publishing import NotPublishedError, Outgoing, Publisher

SQL: Final = queries("relay")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Outbox:
    """One kind of unsent rows, and how a row becomes a message."""

    kind: str
    unsent: str
    sent: str
    message: Callable[[asyncpg.Record], Outgoing]


def command_message(row: asyncpg.Record) -> Outgoing:
    """The message of a command row."""
    key = commands_key(partition_of(row["hotel_id"]))
    return Outgoing(COMMANDS_EXCHANGE, key, str(row["id"]), row["task"], row["message"].encode())


def event_message(row: asyncpg.Record) -> Outgoing:
    """The message of an event row."""
    key = events_key(partition_of(row["hotel_id"]), row["type"])
    name = f"{row['hotel_id']}/{row['position']}"
    return Outgoing(EVENTS_EXCHANGE, key, name, row["type"], row["message"].encode())


COMMANDS: Final = Outbox("command", "unsent_commands", "commands_sent", command_message)
EVENTS: Final = Outbox("event", "unsent_events", "events_sent", event_message)


@dataclass(slots=True)
class Relay:
    """Sends both outboxes while it holds the lock; else stands by. The lock lives and dies with its session.

    ``waited`` says for how many seconds the oldest unsent row of each kind has waited.
    """

    url: SecretStr
    broker: str
    publishers: dict[str, Publisher]
    metrics: RelayMetrics
    leading: bool = False
    trouble: str = ""
    waited: dict[str, float] = field(default_factory=dict[str, float])

    async def run(self, stop: asyncio.Event) -> None:
        """Lead or stand by until ``stop``; outages of either server are waited for."""
        while not stop.is_set():
            try:
                await self._session(stop)
            except DatabaseDownError as error:
                self.trouble = f"postgresql: {error!r}"
                log.warning("database_down", error=repr(error))
            finally:
                self.leading = False
                self.metrics.leading(active=False)
            await wait_for(stop, RELAY_RETRY_SECONDS)
        for publisher in self.publishers.values():
            await publisher.close()

    async def _session(self, stop: asyncio.Event) -> None:
        """One kind of rows a session, so that neither waits for the other; only the leader's session sends."""
        leader = await connect(self.url, "innkeep-relay")
        second = await connect(self.url, "innkeep-relay-events")
        third = await connect(self.url, "innkeep-relay-lost")
        try:
            while not await leader.fetchval(SQL["lead"], RELAY_LOCK):
                if await wait_for(stop, STANDBY_SECONDS):
                    return
            self.leading = True
            self.metrics.leading(active=True)
            log.info("relay_leads")
            await self._work(leader, second, third, stop)
        finally:
            for session in (third, second, leader):
                session.terminate()

    async def _work(self, leader: Session, second: Session, third: Session, stop: asyncio.Event) -> None:
        lost = asyncio.Event()
        leader.add_termination_listener(lambda _: lost.set())
        try:
            await asyncio.gather(
                self._send(leader, COMMANDS, stop, lost),
                self._send(second, EVENTS, stop, lost),
                self._find_lost(third, stop, lost),
            )
        finally:
            lost.set()

    async def _find_lost(self, session: Session, stop: asyncio.Event, lost: asyncio.Event) -> None:
        """Send commands again that the broker took and lost; while commands wait to be sent, none is lost yet."""
        while not stop.is_set() and not lost.is_set():
            more = False
            if self.waited.get(COMMANDS.kind) == 0 and not self.trouble:
                try:
                    more = await send_lost_again(session, self.broker)
                except BrokerError as error:
                    log.warning("broker_down", error=repr(error))
            if not more:
                await wait_for_any(LOST_LOOK_SECONDS, stop, lost)

    async def _send(self, session: Session, outbox: Outbox, stop: asyncio.Event, lost: asyncio.Event) -> None:
        pause = RELAY_BUSY_SECONDS
        while not stop.is_set() and not lost.is_set():
            sent = await self._send_batch(session, outbox)
            if sent == RELAY_BATCH:
                continue
            pause = RELAY_BUSY_SECONDS if sent else min(pause * 2, RELAY_IDLE_SECONDS)
            await wait_for(stop, pause)

    async def _send_batch(self, session: Session, outbox: Outbox) -> int:
        rows = await session.fetch(SQL[outbox.unsent], RELAY_BATCH)
        self.waited[outbox.kind] = rows[0]["age"] if rows else 0.0
        self.metrics.unsent(outbox.kind, self.waited[outbox.kind])
        if not rows:
            return 0
        try:
            await self.publishers[outbox.kind].publish([outbox.message(row) for row in rows])
        except (*BrokerError, NotPublishedError) as error:
            self.trouble = f"rabbitmq: {error!r}"
            self.metrics.fault()
            log.warning("not_published", kind=outbox.kind, messages=len(rows), error=repr(error))
            await asyncio.sleep(RELAY_RETRY_SECONDS)
            return 0
        await session.execute(SQL[outbox.sent], [row["seq"] for row in rows])
        self.trouble = ""
        self.metrics.published(outbox.kind, [row["age"] for row in rows])
        return len(rows)
