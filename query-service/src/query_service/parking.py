"""What waits for an operator: hotels that are parked or have diverged, and messages.

A hotel is parked at an event that cannot be applied; it has diverged where its documents are of another history than
its events. Both stand still. A message is kept that cannot be read.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

import structlog

from query_service.diverging import Divergence
from query_service.documents import Documents
from query_service.folding import Fault
from query_service.settings import MAX_PARKED_BYTES, MAX_PARKED_LISTED, MAX_REASON, PARKED_PAGE
from shared_contracts.transport.consuming import Delivery

PARKED_HOTELS: Final = "parked_hotels"
PARKED_MESSAGES: Final = "parked_messages"
DIVERGED_HOTELS: Final = "diverged_hotels"
ALL: Final = ("", "~")
"""The range of all hotel ids and of all names of messages."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Held:
    """Who waits for an operator: parked and diverged hotels, and how many messages."""

    parked: frozenset[str] = frozenset()
    diverged: frozenset[str] = frozenset()
    messages: int = 0


@dataclass(frozen=True, slots=True)
class Parking:
    """The lists, kept in the document store. Parking twice is parking once."""

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

    async def mark_diverged(self, hotel_id: str, found: Divergence) -> None:
        """Stop projecting this hotel, and have its queries refused, until an operator repairs its documents."""
        log.error(
            "hotel_diverged",
            hotel=hotel_id,
            position=found.documents_position,
            head=found.events_position,
            reason=found.reason,
        )
        record = {
            "_id": hotel_id,
            "documents_position": found.documents_position,
            "events_position": found.events_position,
            "reason": found.reason,
            "at": self._now(),
        }
        await self.documents.put(DIVERGED_HOTELS, record)

    async def among(self, hotels: Collection[str]) -> frozenset[str]:
        """Those of the hotels whose projection waits for an operator: the parked and the diverged ones."""
        found = await self.documents.find_in({PARKED_HOTELS: hotels, DIVERGED_HOTELS: hotels})
        return frozenset((*found[PARKED_HOTELS], *found[DIVERGED_HOTELS]))

    async def held(self) -> Held:
        """What waits now."""
        return Held(
            parked=frozenset(await self.documents.ids(PARKED_HOTELS, *ALL)),
            diverged=frozenset(await self.documents.ids(DIVERGED_HOTELS, *ALL)),
            messages=len(await self.documents.ids(PARKED_MESSAGES, *ALL)),
        )

    async def hotels(self) -> list[Any]:
        """The parked hotels, at most ``MAX_PARKED_LISTED``."""
        return await self.documents.first(PARKED_HOTELS, MAX_PARKED_LISTED)

    async def messages(self) -> list[Any]:
        """The parked messages without their bodies, at most ``MAX_PARKED_LISTED``."""
        listed: list[Any] = []
        names = (await self.documents.ids(PARKED_MESSAGES, *ALL))[:MAX_PARKED_LISTED]
        for start in range(0, len(names), PARKED_PAGE):
            page = await self.documents.find(PARKED_MESSAGES, names[start : start + PARKED_PAGE])
            listed += [{name: value for name, value in page[key].items() if name != "body"} for key in sorted(page)]
        return listed

    async def message(self, message_id: str) -> Any:
        """A parked message with its body, or nothing."""
        return (await self.documents.find(PARKED_MESSAGES, [message_id])).get(message_id)

    async def hotel(self, hotel_id: str) -> Any:
        """The record of a parked hotel, or nothing."""
        return (await self.documents.find(PARKED_HOTELS, [hotel_id])).get(hotel_id)

    async def divergence_of(self, hotel_id: str) -> Any:
        """The record of a hotel that has diverged, or nothing."""
        return (await self.documents.find(DIVERGED_HOTELS, [hotel_id])).get(hotel_id)

    async def diverged(self) -> list[Any]:
        """The diverged hotels, at most ``MAX_PARKED_LISTED``."""
        return await self.documents.first(DIVERGED_HOTELS, MAX_PARKED_LISTED)

    async def lift(self, hotel_id: str) -> bool:
        """The hotel's documents are those of its events again; whether it was marked."""
        return await self.documents.remove(DIVERGED_HOTELS, hotel_id)

    async def drop(self, message_id: str) -> bool:
        """Forget a message; whether it was there."""
        return await self.documents.remove(PARKED_MESSAGES, message_id)

    async def resume(self, hotel_id: str) -> bool:
        """Let projectors go on with the hotel, from the feed; whether it was parked."""
        return await self.documents.remove(PARKED_HOTELS, hotel_id)

    def _now(self) -> str:
        return datetime.fromtimestamp(self.clock(), UTC).isoformat()
