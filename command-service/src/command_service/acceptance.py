"""Durable intake: concurrent requests share one insert, and a 202 follows its commit.

This owns idempotency: one row a command id, ever. It never asks the broker.
"""

import asyncio
import hashlib
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Final
from uuid import UUID

import orjson
import structlog

from command_service.database import Connection, DatabaseDownError, Pool
from command_service.metrics import ApiMetrics
from command_service.queries import queries
from command_service.settings import (
    ACCEPT_BATCH_BYTES,
    ACCEPT_BATCH_COMMANDS,
    ACCEPT_QUEUE_BYTES,
    ACCEPT_QUEUE_COMMANDS,
    ACCEPT_REST_SECONDS,
    ACCEPT_SECONDS,
    KNOWN_HOTELS,
)
from shared_contracts.catalog import TASKS
from shared_contracts.envelope import CommandEnvelope, encode_command
from shared_contracts.hotels import OpenHotel
from shared_contracts.transport.consuming import wait_for, wait_for_either
from shared_contracts.transport.crashing import CrashPoint, crash_here

SQL: Final = queries("acceptance")
log = structlog.get_logger()


class Answer(Enum):
    """What became of one command at the door."""

    ACCEPTED = "accepted"
    KEY_REUSED = "key_reused"
    UNKNOWN_HOTEL = "unknown_hotel"


class BusyError(Exception):
    """Too much waits already, or the database does not answer: nothing of the request is known to be stored."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A command as its row: encoded once, so that what waits is small and its size is known."""

    id: UUID
    hotel_id: str
    task: str
    fingerprint: bytes
    at: datetime
    message: str
    size: int
    opens: bool


def incoming(command: CommandEnvelope) -> Incoming:
    """The row of a command. The fingerprint is what makes two sendings the same, however their JSON is spelled."""
    body, hotel_id = command.body, command.hotel_id
    task = TASKS[type(body)]
    spelled = orjson.dumps([hotel_id, task, command.expected_version, body])
    fingerprint = hashlib.sha256(spelled).digest()
    message = encode_command(command)
    opens = isinstance(body, OpenHotel)
    return Incoming(command.id, hotel_id, task, fingerprint, command.at, message.decode(), len(message), opens)


@dataclass(frozen=True, slots=True)
class _Request:
    commands: Sequence[Incoming]
    size: int
    answers: asyncio.Future[list[Answer]]


@dataclass(slots=True)
class Acceptance:
    """Stores commands. ``run`` flushes what waits as soon as the last flush has returned: there is no timer.

    Only after one that the database did not answer it rests.
    """

    pool: Pool
    metrics: ApiMetrics
    _waiting: deque[_Request] = field(default_factory=deque)
    _commands: int = 0
    _size: int = 0
    _closed: bool = False
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _known: set[str] = field(default_factory=set)

    async def accept(self, commands: Sequence[CommandEnvelope]) -> list[Answer]:
        """Store the commands of one request in order, in one commit; an answer for each.

        Idempotent by command id. Raises ``BusyError`` where too many wait, the database is down, or ``run`` has ended.
        """
        return await self.store([incoming(command) for command in commands])

    async def store(self, commands: Sequence[Incoming]) -> list[Answer]:
        """What ``accept`` promises, for commands that are encoded already."""
        size = sum(command.size for command in commands)
        full = self._commands + len(commands) > ACCEPT_QUEUE_COMMANDS or self._size + size > ACCEPT_QUEUE_BYTES
        if full or self._closed:
            self.metrics.busy()
            raise BusyError
        request = _Request(commands, size, asyncio.get_running_loop().create_future())
        self._waiting.append(request)
        self._commands += len(commands)
        self._size += size
        self._arrived.set()
        try:
            async with asyncio.timeout(ACCEPT_SECONDS):
                return await request.answers
        except TimeoutError:
            self.metrics.busy()
            raise BusyError from None

    async def run(self, stop: asyncio.Event) -> None:
        """Flush until ``stop``, and then what still waits; what comes later is refused at once."""
        try:
            while self._waiting or not stop.is_set():
                if self._waiting:
                    if not await self._flush(self._take()):
                        await wait_for(stop, ACCEPT_REST_SECONDS)
                else:
                    self._arrived.clear()
                    await wait_for_either(self._arrived, stop)
        finally:
            self._closed = True
            _fail(self._waiting, BusyError())

    def _take(self) -> list[_Request]:
        taken: list[_Request] = []
        commands = size = 0
        while self._waiting:
            following = self._waiting[0]
            commands += len(following.commands)
            size += following.size
            if taken and (commands > ACCEPT_BATCH_COMMANDS or size > ACCEPT_BATCH_BYTES):
                break
            taken.append(self._waiting.popleft())
        self._commands -= sum(len(request.commands) for request in taken)
        self._size -= sum(request.size for request in taken)
        return [request for request in taken if not request.answers.done()]

    async def _flush(self, requests: list[_Request]) -> bool:
        """Store and answer the requests; whether the database answered."""
        if not requests:
            return True
        started = asyncio.get_running_loop().time()
        try:
            answers = await self._store([c for request in requests for c in request.commands])
        except DatabaseDownError as error:
            log.warning("database_down", requests=len(requests), error=repr(error))
            _fail(requests, BusyError())
            return False
        except Exception as error:  # one request's data must not refuse the others
            if len(requests) == 1:
                log.exception("not_stored")
                _fail(requests, error)
            else:
                return all([await self._flush([request]) for request in requests])
        else:
            self.metrics.flushed(len(answers), asyncio.get_running_loop().time() - started)
            remaining = iter(answers)
            for request in requests:
                mine = [next(remaining) for _ in request.commands]
                if not request.answers.done():
                    request.answers.set_result(mine)
        return True

    async def _store(self, commands: Sequence[Incoming]) -> list[Answer]:
        named = {command.hotel_id for command in commands}
        async with self.pool.acquire() as connection:
            async with self._together(connection, named):
                known = await self._hotels(connection, named)
                opened = await _open(connection, commands, known)
                admitted = _admitted(commands, known, opened)
                rows = dict(opened)
                for command, heard in zip(commands, admitted, strict=True):
                    if heard:
                        rows.setdefault(command.id, command)
                crash_here(CrashPoint.API_BEFORE_COMMIT)  # one statement alone has no place of ours before its commit
                stored = await _insert(connection, [row for row in rows.values() if row.id not in opened])
            crash_here(CrashPoint.API_AFTER_COMMIT)
            new = opened.keys() | stored
            self.metrics.accepted(len(new))
            self._remember(known.union(command.hotel_id for command in opened.values()))
            prints = {row.id: row.fingerprint for row in rows.values()}
            if before := [key for key in rows if key not in new]:
                prints |= {row["id"]: row["fingerprint"] for row in await connection.fetch(SQL["fingerprints"], before)}
        answers = [_answer(command, heard, prints) for command, heard in zip(commands, admitted, strict=True)]
        self.metrics.repeated(answers.count(Answer.ACCEPTED) - len(new))
        return answers

    def _together(self, connection: Connection, named: set[str]) -> AbstractAsyncContextManager[object]:
        """One transaction; where all hotels are known one statement writes all there is to write, and needs none."""
        return nullcontext() if named <= self._known else connection.transaction()

    async def _hotels(self, connection: Connection, named: set[str]) -> set[str]:
        """Which of the named hotels are known."""
        known = named & self._known
        return known if known == named else known | await _known_hotels(connection, named - known)

    def _remember(self, known: set[str]) -> None:
        if len(self._known) > KNOWN_HOTELS:
            self._known.clear()
        self._known |= known


async def _open(connection: Connection, commands: Sequence[Incoming], known: set[str]) -> dict[UUID, Incoming]:
    """Store the openings of unknown hotels, and make known those hotels whose opening is new; the new ones by id.

    A hotel that somebody else opened meanwhile is added to ``known``.
    """
    unopened = {command.hotel_id for command in commands if command.opens and command.hotel_id not in known}
    if not unopened:
        return {}
    first: dict[UUID, Incoming] = {}
    for command in commands:
        if command.opens or command.hotel_id in known:
            first.setdefault(command.id, command)
    openings = {key: command for key, command in first.items() if command.hotel_id in unopened}
    stored = await _insert(connection, list(openings.values()))
    opened = {key: command for key, command in openings.items() if key in stored}
    hotels = {command.hotel_id for command in opened.values()}
    # The same opening, sent twice at once, may have been committed by another process while the insert waited for it.
    known |= await _known_hotels(connection, unopened - hotels)
    if hotels:
        await connection.execute(SQL["register_hotels"], sorted(hotels))
    return opened


def _admitted(commands: Sequence[Incoming], known: set[str], opened: dict[UUID, Incoming]) -> list[bool]:
    """Whether each command is an opening, or its hotel is known when its turn comes."""
    if not opened:
        return [command.opens or command.hotel_id in known for command in commands]
    heard = set(known)
    admitted: list[bool] = []
    for command in commands:
        if opened.get(command.id) is command:
            heard.add(command.hotel_id)
        admitted.append(command.opens or command.hotel_id in heard)
    return admitted


async def _known_hotels(connection: Connection, hotels: set[str]) -> set[str]:
    if not hotels:
        return set()
    return {row["hotel_id"] for row in await connection.fetch(SQL["known_hotels"], sorted(hotels))}


async def _insert(connection: Connection, rows: list[Incoming]) -> set[UUID]:
    """The ids of those that are new."""
    if not rows:
        return set()
    stored = await connection.fetch(
        SQL["accept"],
        [row.id for row in rows],
        [row.hotel_id for row in rows],
        [row.task for row in rows],
        [row.fingerprint for row in rows],
        [row.at for row in rows],
        [row.message for row in rows],
    )
    return {row["id"] for row in stored}


def _answer(command: Incoming, heard: bool, prints: dict[UUID, bytes]) -> Answer:  # noqa: FBT001  # a fact about it
    if not heard:
        return Answer.UNKNOWN_HOTEL
    return Answer.ACCEPTED if prints[command.id] == command.fingerprint else Answer.KEY_REUSED


def _fail(requests: Iterable[_Request], error: Exception) -> None:
    for request in requests:
        if not request.answers.done():
            request.answers.set_exception(error)
