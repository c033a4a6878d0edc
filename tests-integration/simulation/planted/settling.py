"""Bugs in how deliveries are settled."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import structlog

from command_service.deciding import Deciding, Sent
from command_service.ledger import Ledger
from shared_contracts.transport.inbox import Delivery, Inbox
from simulation.seams import Replacement
from simulation.world import World

log = structlog.get_logger()


def ack_before_commit(_: World) -> list[Replacement]:
    """What is taken is acknowledged at once, before it is handled."""
    real = Inbox.take

    def take(self: Inbox, most: int, batches: int = 1) -> list[list[Delivery]]:
        taken = real(self, most, batches)
        for queue, tag in {delivery.queue: delivery.tag for delivery in chain(*taken)}.items():
            channel: Any = self.places[queue].channel
            channel.write_ack(tag)
        return taken

    async def settle(_: Inbox, __: Sequence[Delivery]) -> None:
        """It is settled already."""

    return [(Inbox, "take", take), (Inbox, "settle", settle)]


def requeue_forever(_: World) -> list[Replacement]:
    """What cannot be read is not parked, but goes back to its queue."""

    async def park_unreadable(_: Ledger, __: Delivery, reason: str) -> None:
        raise ValueError(reason)

    return [(Ledger, "park_unreadable", park_unreadable)]


def swallow_handler_error(_: World) -> list[Replacement]:
    """A batch that fails is logged and acknowledged."""

    async def decide_all_or_log(self: Deciding, sent: Sequence[Sent]) -> None:
        try:
            if sent:
                await self._decide([one.command for one in sent])
        except Exception:
            log.exception("batch_failed")

    return [(Deciding, "_all", decide_all_or_log)]
