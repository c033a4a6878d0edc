"""What became of commands, asked by many waiting clients with one query."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson
import structlog

from command_service.api.reads import Reads
from command_service.database import DatabaseDownError
from command_service.queries import queries
from command_service.settings import DATABASE_RETRY_SECONDS, MAX_WAITING_REQUESTS, STATUS_POLL_SECONDS

SQL: Final = queries("reading")
BOOKING_TASK: Final = "book-room"
log = structlog.get_logger()

Status = dict[str, Any]


@dataclass(slots=True)
class Outcomes:
    """Reads outcomes; ``run`` is the one poller of the process."""

    reads: Reads
    _waiting: dict[UUID, list[asyncio.Future[Status | None]]] = field(default_factory=dict)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _closed: bool = False

    async def of(self, command_id: UUID) -> Status | None:
        """The status now; nothing for an id that was never accepted. ``DatabaseDownError`` passes through."""
        return (await self._read([command_id])).get(command_id)

    async def wait(self, command_id: UUID, seconds: float) -> Status | None:
        """The status as ``of`` reads it, and then as ``settled`` waits for it."""
        status = await self.of(command_id)
        return None if status is None else await self.settled(status, seconds)

    async def settled(self, status: Status, seconds: float) -> Status:
        """The status with an outcome; the given one after so many seconds, or once ``run`` ends. Reads nothing."""
        full = self._closed or len(self._waiting) >= MAX_WAITING_REQUESTS
        if status["status"] != "accepted" or seconds <= 0 or full:
            return status
        command_id = UUID(status["command_id"])
        future: asyncio.Future[Status | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(command_id, []).append(future)
        self._arrived.set()
        try:
            async with asyncio.timeout(seconds):
                return await future or status
        except TimeoutError:
            return status
        finally:
            self._forget(command_id, future)

    async def run(self, stop: asyncio.Event) -> None:
        """Look for what is waited for, all ids in one query, until ``stop``; then whoever waits is answered at once."""
        polling, stopping = asyncio.create_task(self._poll()), asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([polling, stopping], return_when=asyncio.FIRST_COMPLETED)
            if polling.done():
                await polling
        finally:
            self._closed = True
            polling.cancel()
            stopping.cancel()
            for command_id in list(self._waiting):
                self._answer(command_id, None)

    async def _poll(self) -> None:
        while True:
            if not self._waiting:
                self._arrived.clear()
                await self._arrived.wait()
                continue
            try:
                found = await self._read(list(self._waiting))
            except DatabaseDownError as error:
                log.warning("database_down", error=repr(error))
                await asyncio.sleep(DATABASE_RETRY_SECONDS)
                continue
            for command_id, status in found.items():
                if status["status"] != "accepted":
                    self._answer(command_id, status)
            await asyncio.sleep(STATUS_POLL_SECONDS)

    def _answer(self, command_id: UUID, status: Status | None) -> None:
        for future in self._waiting.pop(command_id, []):
            if not future.done():
                future.set_result(status)

    def _forget(self, command_id: UUID, future: asyncio.Future[Status | None]) -> None:
        futures = self._waiting.get(command_id, [])
        if future in futures:
            futures.remove(future)
        if not futures:
            self._waiting.pop(command_id, None)

    async def _read(self, command_ids: Collection[UUID]) -> dict[UUID, Status]:
        rows = await self.reads.fetch(SQL["outcomes"], list(command_ids))
        return {UUID(str(row["id"])): status_of(row) for row in rows}


def status_of(row: asyncpg.Record) -> Status:
    """The status document of a row."""
    status: Status = {
        "command_id": str(row["id"]),
        "hotel_id": row["hotel_id"],
        "task": row["task"],
        "status": row["status"] or "accepted",
        "accepted_at": row["accepted_at"],
    }
    if row["status"]:
        status |= {"decided_at": row["decided_at"], "position": row["position"]}
    if row["code"]:
        status |= {"code": row["code"], "facts": orjson.loads(row["facts"] or "{}")}
    if row["task"] == BOOKING_TASK and row["code"] is None:
        status["result"] = {"reservation_id": str(row["id"])}
    return status
