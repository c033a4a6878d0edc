"""The two that are compared: where bookings and questions go, and when all that was booked can be seen."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol
from uuid import uuid4

import asyncpg

from benchmarks.connection import Connection
from benchmarks.named_sql import named_sql
from benchmarks.path import opened_hotels
from benchmarks.processor import seconds_of
from benchmarks.stand import Stand
from benchmarks.work import FIRST_NIGHT, NIGHTS, ROOMS
from harness.waiting import until
from local_stack.free_port import free_port
from replay.quiet import wait_until_quiet
from replay.service import Service, new_client

ROOT: Final = Path(__file__).parents[2]
SQL: Final = named_sql(Path(__file__).with_name("service.sql"))
SLACK_NIGHTS: Final = 5
START_SECONDS: Final = 30.0
ANALYZE: Final = "ANALYZE"


class Side(Protocol):
    """One of the two."""

    @property
    def command_port(self) -> int:
        """Where bookings go."""
        ...

    @property
    def query_port(self) -> int:
        """Where questions go."""
        ...

    @property
    def follows(self) -> bool:
        """Whether what is booked is visible only some time after it was accepted."""
        ...

    async def open(self, count: int) -> list[str]:
        """So many new hotels."""
        ...

    async def know_sizes(self) -> None:
        """Give the database the statistics that autovacuum gathers within minutes."""
        ...

    async def visible(self, last: dict[str, str]) -> None:
        """Return once the last booking of each hotel can be seen, and all before it."""
        ...

    def processor_seconds(self) -> dict[str, float]:
        """What each of its parts has used so far."""
        ...


@dataclass(frozen=True, slots=True)
class Innkeep:
    """The product, as it stands."""

    stand: Stand
    session: Any = field(repr=False)
    command_port: int
    query_port: int
    follows: bool = True

    async def open(self, count: int) -> list[str]:
        """So many new hotels, in the documents too."""
        return await opened_hotels(self.stand, count)

    async def know_sizes(self) -> None:
        """As autovacuum does."""
        await self.session.execute(ANALYZE)

    async def visible(self, last: dict[str, str]) -> None:
        """The documents hold everything."""
        pair = self.stand.pair
        async with new_client(None) as client:
            services = Service(client, pair["command-api"].url), Service(client, pair["query-api"].url)
            for hotel, command in last.items():
                await wait_until_quiet(*services, hotel, command)

    def processor_seconds(self) -> dict[str, float]:
        """All servers and all processes."""
        return self.stand.processor_seconds()


@dataclass(frozen=True, slots=True)
class Crud:
    """The traditional service: one process and PostgreSQL."""

    pids: dict[str, int]
    session: Any = field(repr=False)
    command_port: int
    query_port: int
    follows: bool = False

    async def open(self, count: int) -> list[str]:
        """So many new hotels."""
        names = [f"bench-{uuid4().hex[:12]}" for _ in range(count)]
        for name in names:
            await self.session.execute(SQL["open_hotel"], name, ROOMS, FIRST_NIGHT, NIGHTS + SLACK_NIGHTS)
        return names

    async def know_sizes(self) -> None:
        """As autovacuum does."""
        await self.session.execute(ANALYZE)

    async def visible(self, last: dict[str, str]) -> None:
        """What is answered is visible."""
        del last

    def processor_seconds(self) -> dict[str, float]:
        """The service and PostgreSQL."""
        return seconds_of(self.pids)


def innkeep(stand: Stand, session: Any) -> Innkeep:
    """Innkeep on its stand, with a session on its database."""
    return Innkeep(stand, session, stand.pair["command-api"].port, stand.pair["query-api"].port)


@asynccontextmanager
async def crud(stand: Stand) -> AsyncIterator[Crud]:
    """The traditional service on the same PostgreSQL, in a schema of its own; it is gone at the end."""
    url, port = stand.servers["postgres"].url, free_port()
    session = await asyncpg.connect(url, server_settings={"search_path": "crud"})
    await session.execute(Path(__file__).with_name("schema.sql").read_text())
    environment = {**os.environ, "CRUD_POSTGRES": url}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.crud", str(port), env=environment, cwd=ROOT
    )
    try:
        await until(lambda: _answers(port), START_SECONDS)
        yield Crud({"service": process.pid, "postgres": stand.servers["postgres"].pid}, session, port, port)
    finally:
        process.terminate()
        await process.wait()
        await session.close()


async def _answers(port: int) -> bool:
    connection = Connection(port)
    try:
        return (await connection.get("/v1/hotels/none/availability?from=2027-01-01&to=2027-01-02")).status == 200
    except OSError:
        return False
    finally:
        connection.close()
