"""Whether every command is accounted for: it has its outcome, and its outcome the event that it names.

It goes through all commands that were ever accepted, page by page, and holds no snapshot from one page to the next.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final
from uuid import UUID

import asyncpg

from command_service.database import Connection
from command_service.differences import Difference, Kind
from command_service.queries import queries
from command_service.settings import BOOKKEEPING_PAGE, UNDECIDED_AFTER_SECONDS
from command_service.streams import Rest, without_rest
from shared_contracts.hotels import CloseBusinessDate, OpenHotel
from shared_contracts.inventory import SetOverbookingAllowance
from shared_contracts.message import task_of
from shared_contracts.reservations import BookRoom

SQL: Final = queries("reconciling")
FIRST: Final = UUID(int=0)
LAST: Final = UUID(int=2**128 - 1)
UNDECIDED_AFTER: Final = timedelta(seconds=UNDECIDED_AFTER_SECONDS)
NEVER_WITHOUT_EVENT: Final = [
    task_of(task) for task in (OpenHotel, BookRoom, SetOverbookingAllowance, CloseBusinessDate)
]
"""Tasks that always change something where they succeed; the others may have been done before."""


async def unaccounted(
    session: Connection, hotel_id: str | None = None, page: int = BOOKKEEPING_PAGE, rest: Rest = without_rest
) -> AsyncIterator[tuple[str, Difference]]:
    """What is amiss, with its hotel: of one hotel or of all; with a ``rest`` after each page."""
    after, end = FIRST, FIRST
    while end != LAST:
        end = await session.fetchval(SQL["page_end"], after, page) or LAST
        for row in await session.fetch(
            SQL["commands_amiss"], after, end, hotel_id, UNDECIDED_AFTER, NEVER_WITHOUT_EVENT
        ):
            yield row["hotel_id"], _difference(row)
        for row in await session.fetch(SQL["outcomes_unasked"], after, end, hotel_id, page):
            yield row["hotel_id"], Difference("command", str(row["command_id"]), Kind.MISSING)
        after = end
        await rest()


def _difference(row: asyncpg.Record) -> Difference:
    if row["status"] is None:
        return Difference("outcome", str(row["id"]), Kind.MISSING)
    if row["position"] > 0 and row["decided_by"] is None and row["decided_for"] == row["hotel_id"]:
        return Difference("event", f"{row['hotel_id']}/{row['position']}", Kind.MISSING)
    return Difference("outcome", str(row["id"]), Kind.DIFFERENT)
