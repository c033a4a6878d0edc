"""Durable intake: concurrent requests share one insert, and a 202 follows its commit.

This owns idempotency: one row a command id, ever. It never asks the broker.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final
from uuid import UUID

import orjson
import structlog

from command_service.database import Connection, DatabaseDownError, Pool
from command_service.metrics import ApiMetrics
from command_service.queries import queries
from command_service.settings import ACCEPT_BATCH_COMMANDS, ACCEPT_QUEUE_COMMANDS, ACCEPT_SECONDS, KNOWN_HOTELS
from shared_contracts.envelope import CommandEnvelope, encode_command
from shared_contracts.hotels import OpenHotel
from shared_contracts.message import task_of
from shared_contracts.transport.consuming import wait_for_either

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
class _Request:
    commands: Sequence[CommandEnvelope]
    answers: asyncio.Future[list[Answer]]


@dataclass(slots=True)
class Acceptance:
    """Stores commands. ``run`` flushes what waits as soon as the last flush has returned: there is no timer."""

    pool: Pool
    metrics: ApiMetrics
    _waiting: list[_Request] = field(default_factory=list)
    _size: int = 0
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _known: set[str] = field(default_factory=set)

    async def accept(self, commands: Sequence[CommandEnvelope]) -> list[Answer]:
        """Store the commands of one request in order, in one commit; an answer for each.

        Idempotent by command id. Raises ``BusyError`` where too many wait or the database is down.
        """
        if self._size + len(commands) > ACCEPT_QUEUE_COMMANDS:
            self.metrics.busy()
            raise BusyError
        request = _Request(commands, asyncio.get_running_loop().create_future())
        self._waiting.append(request)
        self._size += len(commands)
        self._arrived.set()
        try:
            async with asyncio.timeout(ACCEPT_SECONDS):
                return await request.answers
        except TimeoutError:
            self.metrics.busy()
            raise BusyError from None

    async def run(self, stop: asyncio.Event) -> None:
        """Flush until ``stop``, and then what still waits."""
        while self._waiting or not stop.is_set():
            if self._waiting:
                await self._flush(self._take())
            else:
                self._arrived.clear()
                await wait_for_either(self._arrived, stop)

    def _take(self) -> list[_Request]:
        taken: list[_Request] = []
        size = 0
        while self._waiting and (not taken or size + len(self._waiting[0].commands) <= ACCEPT_BATCH_COMMANDS):
            request = self._waiting.pop(0)
            size += len(request.commands)
            if not request.answers.done():
                taken.append(request)
        self._size -= size
        return taken

    async def _flush(self, requests: list[_Request]) -> None:
        if not requests:
            return
        started = asyncio.get_running_loop().time()
        try:
            answers = await self._store([c for request in requests for c in request.commands])
        except DatabaseDownError as error:
            log.warning("database_down", error=repr(error))
            _fail(requests, BusyError())
        except Exception as error:  # one request's data must not refuse the others
            if len(requests) == 1:
                log.exception("not_stored")
                _fail(requests, error)
            else:
                for request in requests:
                    await self._flush([request])
        else:
            seconds = asyncio.get_running_loop().time() - started
            accepted = answers.count(Answer.ACCEPTED)
            self.metrics.flushed(accepted, len(answers) - accepted, seconds)
            remaining = iter(answers)
            for request in requests:
                mine = [next(remaining) for _ in request.commands]
                if not request.answers.done():
                    request.answers.set_result(mine)

    async def _store(self, commands: Sequence[CommandEnvelope]) -> list[Answer]:
        async with self.pool.acquire() as connection, connection.transaction():
            known = await self._hotels(connection, commands)
            rows: dict[UUID, tuple[CommandEnvelope, bytes]] = {}
            for command in commands:
                if command.hotel_id in known:
                    rows.setdefault(command.id, (command, fingerprint(command)))
            stored = await _insert(connection, list(rows.values()))
            prints = {key: row[1] for key, row in rows.items()}
            if before := [key for key in rows if key not in stored]:
                prints |= {row["id"]: row["fingerprint"] for row in await connection.fetch(SQL["fingerprints"], before)}
        self._remember(known)
        return [_answer(command, known, prints) for command in commands]

    async def _hotels(self, connection: Connection, commands: Sequence[CommandEnvelope]) -> set[str]:
        """Which of the hotels are known: those opened before, and those whose opening is among the commands."""
        named = {c.hotel_id for c in commands}
        opening = {c.hotel_id for c in commands if isinstance(c.body, OpenHotel)} - self._known
        if opening:
            await connection.execute(SQL["register_hotels"], sorted(opening))
        known = (named & self._known) | opening
        if named > known:
            rows = await connection.fetch(SQL["known_hotels"], sorted(named - known))
            known |= {row["hotel_id"] for row in rows}
        return known

    def _remember(self, known: set[str]) -> None:
        if len(self._known) > KNOWN_HOTELS:
            self._known.clear()
        self._known |= known


def fingerprint(command: CommandEnvelope) -> bytes:
    """What makes two sendings the same: hotel, task and the validated body; not the spelling of its JSON."""
    spelled = orjson.dumps([command.hotel_id, task_of(type(command.body)), command.expected_version, command.body])
    return hashlib.sha256(spelled).digest()


async def _insert(connection: Connection, rows: list[tuple[CommandEnvelope, bytes]]) -> set[UUID]:
    if not rows:
        return set()
    stored = await connection.fetch(
        SQL["accept"],
        [command.id for command, _ in rows],
        [command.hotel_id for command, _ in rows],
        [task_of(type(command.body)) for command, _ in rows],
        [digest for _, digest in rows],
        [command.at for command, _ in rows],
        [encode_command(command).decode() for command, _ in rows],
    )
    return {row["id"] for row in stored}


def _answer(command: CommandEnvelope, known: set[str], prints: dict[UUID, bytes]) -> Answer:
    if command.hotel_id not in known:
        return Answer.UNKNOWN_HOTEL
    return Answer.ACCEPTED if prints[command.id] == fingerprint(command) else Answer.KEY_REUSED


def _fail(requests: list[_Request], error: Exception) -> None:
    for request in requests:
        if not request.answers.done():
            request.answers.set_exception(error)
