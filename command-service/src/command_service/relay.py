"""Unsent rows to the broker: commands to their queues, events to everybody. The only publisher.

It looks for what is unsent, in order, and keeps no cursor that a late row could be behind. A crash between the confirm
and the deletion sends twice; everybody downstream expects it.
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import asyncpg
import structlog
from pydantic import SecretStr

from command_service.database import DatabaseDownError, Session, connect
from command_service.lost import send_lost_again
from command_service.metrics import RelayMetrics
from command_service.queries import queries
from command_service.sending import Sender
from command_service.settings import (
    ASIDE_RETRY_SECONDS,
    LEADER_BEAT_SECONDS,
    LEADER_SILENCE_SECONDS,
    LOST_LOOK_SECONDS,
    PART_ENDS_SECONDS,
    RELAY_LOCK,
    RELAY_RETRY_SECONDS,
    SENDER_SILENCE_SECONDS,
    STANDBY_SECONDS,
)
from shared_contracts.transport.consuming import wait_for, wait_for_any

SQL: Final = queries("relay")
log = structlog.get_logger()


class Aside(Protocol):
    """What the active relay does besides; a fault of it never ends the sending."""

    async def run(self) -> None:
        """Work until cancelled; may raise anything, and is run again."""
        ...

    def forget(self) -> None:
        """This relay does not lead any more: know nothing, and hold nothing up."""
        ...

    def behind(self) -> Mapping[str, str]:
        """What readiness tells of it."""
        ...


@dataclass(slots=True)
class Relay:
    """Sends both outboxes while it holds the lock; else stands by. The lock lives and dies with its session.

    ``trouble`` says why it has no session; that of a sender says why its rows are not taken.
    """

    url: SecretStr
    broker: str
    commands: Sender
    events: Sender
    metrics: RelayMetrics
    asides: Sequence[Aside] = ()
    leading: bool = False
    trouble: str = ""

    async def run(self, stop: asyncio.Event) -> None:
        """Lead or stand by until ``stop``; outages of either server are waited for."""
        while not stop.is_set():
            try:
                await self._session(stop)
            except (*DatabaseDownError, asyncpg.QueryCanceledError) as error:
                self.trouble = f"postgresql: {error!r}"
                log.warning("database_down", error=repr(error))
            finally:
                self.leading = False
                self.metrics.leading(active=False)
            await wait_for(stop, RELAY_RETRY_SECONDS)
        for sender in (self.commands, self.events):
            await sender.publisher.close()

    async def _session(self, stop: asyncio.Event) -> None:
        """Stand by, then lead, each task with a session of its own. When one of them ends, all end together."""
        sessions = [await connect(self.url, "innkeep-relay", LEADER_SILENCE_SECONDS)]
        try:
            self.trouble = ""
            for sender in (self.commands, self.events):
                sender.forget()
            while not (led := await sessions[0].fetchval(SQL["lead"], RELAY_LOCK)):
                if led is None:
                    raise asyncpg.ReadOnlySQLTransactionError("nothing can be marked as sent on a read-only server")
                if await wait_for(stop, STANDBY_SECONDS):
                    return
            for name in ("commands", "events", "lost"):
                # One by one, so that each is ended also where the next one fails.
                sessions.append(  # noqa: PERF401
                    await connect(self.url, f"innkeep-relay-{name}", SENDER_SILENCE_SECONDS)
                )
            await self._lead(*sessions, stop=stop)
        finally:
            for session in sessions:
                session.terminate()

    async def _lead(
        self, lock: Session, commands: Session, events: Session, lost: Session, *, stop: asyncio.Event
    ) -> None:
        self.leading = True
        self.metrics.leading(active=True)
        log.info("relay_leads")
        await together(
            keep(lock, stop),
            self.commands.run(commands, stop),
            self.events.run(events, stop),
            self._find_lost(lost, stop),
            *(beside(aside, stop) for aside in self.asides),
        )

    async def _find_lost(self, session: Session, stop: asyncio.Event) -> None:
        """Send commands again that the broker took and lost; while commands wait to be sent, none is lost yet."""
        while not stop.is_set():
            more = self.commands.nothing_waits and await send_lost_again(session, self.broker)
            if not more:
                await wait_for(stop, LOST_LOOK_SECONDS)


async def keep(lock: Session, stop: asyncio.Event) -> None:
    """Let the server hear from the lock's session until ``stop``; raises ``DatabaseDownError`` when that is lost.

    A process that is paused is silent, so the server ends the session and another relay leads.
    """
    ended = asyncio.Event()
    lock.add_termination_listener(lambda _: ended.set())
    while not stop.is_set():
        await lock.fetchval("SELECT 1", timeout=LEADER_SILENCE_SECONDS)
        await wait_for_any(LEADER_BEAT_SECONDS, stop, ended)


async def beside(aside: Aside, stop: asyncio.Event) -> None:
    """Run the aside until ``stop``, again after each fault; leave it at once then, whatever it waits for.

    Each run is a task of its own: one that is cancelled may end by another fault, and must not begin again then.
    """
    stopping = asyncio.ensure_future(stop.wait())
    try:
        while not stop.is_set():
            working = asyncio.ensure_future(aside.run())
            try:
                await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
            finally:
                working.cancel()
                [fault] = await asyncio.gather(working, return_exceptions=True)
            if not stop.is_set():
                _tell_fault(aside, fault)
            await wait_for(stop, ASIDE_RETRY_SECONDS)
    finally:
        stopping.cancel()
        aside.forget()


def _tell_fault(aside: Aside, fault: BaseException | None) -> None:
    name = type(aside).__name__
    if isinstance(fault, DatabaseDownError):
        log.warning("database_down", aside=name, error=repr(fault))
    else:
        log.error("aside_failed", aside=name, exc_info=fault)


async def together(*parts: Coroutine[None, None, None]) -> None:
    """Run all; when one raises, or this is cancelled, none of the others runs any more before it is said.

    One that ends as cancelled though nobody has cancelled it is a ``RuntimeError``: its work must not stop unseen. So
    is one that does not end within ``PART_ENDS_SECONDS`` when it is cancelled: the process must not look alive.
    """
    tasks = [asyncio.ensure_future(part) for part in parts]
    running, failed = set(tasks), list[asyncio.Task[None]]()
    try:
        while running and not failed:
            finished, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            failed = [task for task in finished if task.cancelled() or task.exception() is not None]
    finally:
        for task in tasks:
            task.cancel()
        ended, stuck = await asyncio.wait(tasks, timeout=PART_ENDS_SECONDS)
        await asyncio.gather(*ended, return_exceptions=True)  # what else went wrong is only what being cancelled did
        if stuck:
            raise RuntimeError(f"{stuck!r} did not end when cancelled")
    for task in failed:
        if task.cancelled():
            raise RuntimeError(f"{task!r} was cancelled by nobody")
        task.result()
