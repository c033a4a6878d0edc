"""What waits for an operator: hotels whose next event cannot be applied, and messages that cannot be read."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

import structlog

from query_service.documents import Documents
from query_service.folding import Fault
from query_service.settings import MAX_PARKED_BYTES, MAX_PARKED_LISTED, MAX_REASON
from shared_contracts.transport.consuming import Delivery

PARKED_HOTELS: Final = "parked_hotels"
PARKED_MESSAGES: Final = "parked_messages"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Parking:
    """Both lists, kept in the document store. Parking twice is parking once."""

    documents: Documents
    clock: Callable[[], float] = time.time

    async def park_hotel(self, hotel_id: str, fault: Fault) -> None:
        """Stop projecting this hotel at the fault until it is resumed."""
        log.error("hotel_parked", hotel=hotel_id, position=fault.position, reason=fault.reason)
        record = {"_id": hotel_id, "position": fault.position, "reason": fault.reason, "at": self._now()}
        await self.documents.put(PARKED_HOTELS, record)

    async def park_message(self, delivery: Delivery, reason: str) -> None:
        """Keep a message that nobody can read, so that it may be acknowledged."""
        name = sha256(delivery.queue.encode() + b"\x00" + delivery.body).hexdigest()
        log.error("message_parked", message=name, queue=delivery.queue, reason=reason)
        record = {
            "_id": name,
            "queue": delivery.queue,
            "reason": reason[:MAX_REASON],
            "at": self._now(),
            "bytes": len(delivery.body),
            "body": delivery.body[:MAX_PARKED_BYTES],
        }
        await self.documents.put(PARKED_MESSAGES, record)

    async def among(self, hotels: Collection[str]) -> frozenset[str]:
        """Those of the hotels that are parked."""
        return frozenset(await self.documents.find(PARKED_HOTELS, hotels))

    async def hotels(self) -> list[Any]:
        """The parked hotels, at most ``MAX_PARKED_LISTED``."""
        return await self.documents.first(PARKED_HOTELS, MAX_PARKED_LISTED)

    async def messages(self) -> list[Any]:
        """The parked messages, at most ``MAX_PARKED_LISTED``."""
        return await self.documents.first(PARKED_MESSAGES, MAX_PARKED_LISTED)

    async def resume(self, hotel_id: str) -> bool:
        """Let projectors go on with the hotel, from the feed; whether it was parked."""
        return await self.documents.remove(PARKED_HOTELS, hotel_id)

    def _now(self) -> str:
        return datetime.fromtimestamp(self.clock(), UTC).isoformat()
