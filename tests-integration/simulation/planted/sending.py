"""Bugs in how unsent rows become messages."""

from collections.abc import Sequence
from typing import Any

from command_service.sending import SQL, Sender
from shared_contracts.transport import outgoing
from shared_contracts.transport.amqp import BrokerError
from shared_contracts.transport.publishing import NotPublishedError
from simulation.seams import Replacement
from simulation.world import World

Rows = Sequence[Any]


def publish_marked_before_confirm(_: World) -> list[Replacement]:
    """Rows are deleted first, and published then."""

    async def publish(self: Sender, session: Any, rows: Rows, seconds: float) -> Rows:
        await session.execute(SQL[self.outbox.sent], [row["seq"] for row in rows])
        try:
            await self.publisher.publish([self.outbox.message(row) for row in rows], seconds)
        except (NotPublishedError, *BrokerError) as error:
            await self._fault(repr(error), len(rows))
        return rows

    return [(Sender, "_publish", publish)]


def no_mandatory(_: World) -> list[Replacement]:
    """What no queue takes is confirmed all the same."""
    return [(outgoing, "MANDATORY", 0)]


def id_cursor_relay(_: World) -> list[Replacement]:
    """The relay takes what is behind the last row that it sent, instead of what is unsent."""
    cursors: dict[int, int] = {}
    real_unsent, real_publish = Sender._unsent, Sender._publish  # noqa: SLF001

    async def unsent(self: Sender, session: Any) -> Rows:
        return [row for row in await real_unsent(self, session) if row["seq"] > cursors.get(id(self), 0)]

    async def publish(self: Sender, session: Any, rows: Rows, seconds: float) -> Rows:
        confirmed = await real_publish(self, session, rows, seconds)
        cursors[id(self)] = max([cursors.get(id(self), 0), *(row["seq"] for row in confirmed)])
        return confirmed

    return [(Sender, "_unsent", unsent), (Sender, "_publish", publish)]
