"""The command API as its callers reach it: a request may be lost, or its answer, or the process that has it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import orjson

from command_service.acceptance import Acceptance
from command_service.api.outcomes import SQL
from command_service.api.reads import Reads
from command_service.database import Connection, DatabaseDownError
from query_service.feed import Feed, FeedUnavailableError, UnknownHotelError
from query_service.settings import FEED_SECONDS
from simulation.process import Process
from simulation.world import World

Fail = Callable[[], None]


@dataclass(slots=True)
class Api:
    """One API process, and whom it owes an answer."""

    process: Process
    acceptance: Acceptance
    reads: Reads
    owed: dict[int, Fail] = field(default_factory=dict)

    def reset(self) -> None:
        """It is gone: the callers find their connections reset."""
        for fail in self.owed.values():
            fail()

    async def events(self, hotel_id: str, after: int, limit: int) -> bytes:
        """The event feed, as ``ReadingRoutes.events`` answers it."""

        async def page(connection: Connection) -> tuple[int | None, list[asyncpg.Record]]:
            head = await connection.fetchval(SQL["head"], hotel_id)
            return head, await connection.fetch(SQL["feed"], hotel_id, after, limit)

        head, rows = await self.reads.read(page)
        if head is None:
            raise LookupError(hotel_id)
        messages = ",".join(row["message"] for row in rows)
        return f'{{"head":{head},"events":[{messages}]}}'.encode()

    async def positions(self, after: str, limit: int) -> bytes:
        """The heads, as ``ReadingRoutes.positions`` answers them."""
        rows = await self.reads.fetch(SQL["positions"], after, limit)
        following = rows[-1]["hotel_id"] if len(rows) == limit else None
        return orjson.dumps({"positions": {row["hotel_id"]: row["position"] for row in rows}, "next": following})


async def ask(world: World, work: Callable[[Api], Awaitable[Any]]) -> Any:
    """What one of the APIs answers; raises what it raised, and ``ConnectionError`` where none answers."""
    network, context = world.network, copy_context()
    reply: asyncio.Future[Any] = world.loop.create_future()

    def answer(value: Any, error: BaseException | None) -> None:
        if reply.done():
            return
        if error is None:
            reply.set_result(value)
        else:
            reply.set_exception(error)

    def arrive() -> None:
        if not world.apis:
            network.to_process(context, answer, None, ConnectionRefusedError("no API"))
            return
        api = world.chance.pick(list(world.apis.values()))
        number = world.loop.steps
        while number in api.owed:
            number += 1
        api.owed[number] = lambda: network.to_process(context, answer, None, ConnectionResetError("API died"))

        async def serve() -> None:
            try:
                value, error = await work(api), None
            except Exception as raised:  # noqa: BLE001  # it is the caller's answer
                value, error = None, raised
            api.owed.pop(number, None)
            network.to_process(context, answer, value, error)

        world.loop.create_task(serve(), context=api.process.context)

    network.to_server(arrive)
    return await reply


class SimulatedFeed(Feed):
    """The real client of the feed, without its sockets."""

    def __init__(self, world: World) -> None:
        """Remember whom to ask."""
        self._world = world

    async def _get(self, path: str, params: dict[str, int | str]) -> bytes:
        match path.split("/"):
            case ["", "v1", "hotels", "positions"]:
                after, limit = str(params["after"]), int(params["limit"])
                asked = ask(self._world, lambda api: api.positions(after, limit))
            case ["", "v1", "hotels", hotel_id, "events"]:
                first, most = int(params["after"]), int(params["limit"])
                asked = ask(self._world, lambda api: api.events(hotel_id, first, most))
            case _:
                raise LookupError(path)
        try:
            async with asyncio.timeout(FEED_SECONDS):
                content: bytes = await asked
        except LookupError as error:
            raise UnknownHotelError(path) from error
        except DatabaseDownError as error:
            raise FeedUnavailableError(f"{type(error).__name__}: {error}") from error
        return content
