"""Commands that the broker took and then lost with its queues: they are sent again, so that each gets its outcome.

A command is lost when it was accepted a while ago, has no outcome, and nothing waits in its partition's queue. One that
a worker has in hand may be sent a second time; it is dropped there.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import asyncpg
import structlog

from command_service.database import Session
from command_service.queries import queries
from command_service.settings import LOST_AFTER_SECONDS, LOST_BATCH, LOST_SPAN_SECONDS
from shared_contracts.topology import commands_queue, partition_of
from shared_contracts.transport.amqp import BrokerError, waiting_in

SQL: Final = queries("relay")
AFTER: Final = timedelta(seconds=LOST_AFTER_SECONDS)
SPAN: Final = timedelta(seconds=LOST_SPAN_SECONDS)
log = structlog.get_logger()


async def send_lost_again(session: Session, broker: str) -> bool:
    """Look at the next span of time; whether there is more to look at now.

    Where the broker cannot be asked, the span is looked at again later. What is sent again has one outcome still.
    """
    row = await session.fetchrow(SQL["decided_until"])
    if row is None:
        raise LookupError("decided_until has its one row from the first migration on")
    until = min(row["now"] - AFTER, row["until"] + SPAN)
    if until <= row["until"]:
        return False
    undecided = await session.fetch(SQL["undecided"], row["until"], until, LOST_BATCH)
    if undecided:
        if not await _send_again(session, broker, undecided):
            return False
        until = min(command["stored_at"] for command in undecided)
    await session.execute(SQL["move_decided_until"], until)
    return not undecided and until < row["now"] - AFTER


async def _send_again(session: Session, broker: str, undecided: Sequence[asyncpg.Record]) -> bool:
    queues = {commands_queue(partition_of(command["hotel_id"])) for command in undecided}
    try:
        waiting = await waiting_in(broker, sorted(queues))
    except BrokerError as error:
        log.warning("broker_down", error=repr(error))
        return False
    lost = [c["id"] for c in undecided if not waiting[commands_queue(partition_of(c["hotel_id"]))]]
    if lost:
        await session.execute(SQL["send_again"], lost)
        log.warning("commands_sent_again", commands=len(lost))
    return True
