"""What waits for an operator, counted now and then: parked commands and messages, and what the broker gave up."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

from command_service.database import Session, connect
from command_service.metrics import RelayMetrics
from command_service.queries import queries
from command_service.settings import MAX_PARKED_COUNTED, WAITING_LOOK_SECONDS
from shared_contracts.topology import UNDELIVERABLE_QUEUE
from shared_contracts.transport.amqp import BrokerError, waiting_in

SQL: Final = queries("parked")


@dataclass(slots=True)
class WaitingRoom:
    """Counts what waits, one short look every ``look_seconds``; of the parked no more than ``MAX_PARKED_COUNTED``."""

    url: SecretStr
    broker: str
    metrics: RelayMetrics
    look_seconds: float = WAITING_LOOK_SECONDS
    parked: int = 0
    undeliverable: int = 0
    trouble: str = ""
    _session: "Session | None" = None

    async def run(self) -> None:
        """Look until cancelled. May raise what the server raises; while the broker is down its last count stands."""
        while True:
            await self._look()
            await asyncio.sleep(self.look_seconds)

    def forget(self) -> None:
        """Know nothing, and leave the server at once: another relay may look from now on."""
        if self._session is not None:
            self._session.terminate()
        self.parked = self.undeliverable = 0
        self.trouble = ""
        self.metrics.waiting(0, 0)

    def behind(self) -> Mapping[str, str]:
        """What readiness tells of it."""
        told: dict[str, str] = {}
        if self.parked:
            at_least = "at least " if self.parked == MAX_PARKED_COUNTED else ""
            told["parked"] = f"{at_least}{self.parked} wait for an operator: `command-service parked list`"
        if self.undeliverable:
            told["undeliverable"] = f"{self.undeliverable} messages were given up: queue {UNDELIVERABLE_QUEUE!r}"
        if self.trouble:
            told["undeliverable"] = self.trouble
        return told

    async def _look(self) -> None:
        self._session = session = await connect(self.url, "innkeep-relay-waiting")
        try:
            self.parked = int(await session.fetchval(SQL["count"], MAX_PARKED_COUNTED))
        finally:
            session.terminate()
            self._session = None
        try:
            self.undeliverable = (await waiting_in(self.broker, [UNDELIVERABLE_QUEUE]))[UNDELIVERABLE_QUEUE]
            self.trouble = ""
        except BrokerError as error:
            self.trouble = f"queue {UNDELIVERABLE_QUEUE!r} cannot be asked: {error!r}"
        self.metrics.waiting(self.parked, self.undeliverable)
