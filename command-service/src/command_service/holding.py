"""Partitions whose queue does not take messages: they are left out, so that the hotels of the others need not wait."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from command_service.settings import HELD_FIRST_SECONDS, HELD_MAX_SECONDS
from shared_contracts.topology import partition_of


@dataclass(slots=True)
class Held:
    """A partition that is left out until ``due``, and those of its hotels that are known to have unsent rows."""

    reason: str
    oldest: float
    pause: float
    due: float
    hotels: set[str] = field(default_factory=set[str])


@dataclass(slots=True)
class Holding:
    """The partitions that are left out. Instants are of one monotonic clock."""

    partitions: dict[int, Held] = field(default_factory=dict[int, Held])

    def hold(self, hotel_id: str, reason: str, oldest: float, now: float) -> None:
        """Leave the hotel's partition out, each time for twice as long as the last."""
        partition = partition_of(hotel_id)
        held = self.partitions.get(partition)
        if held is None:
            held = Held(reason, oldest, HELD_FIRST_SECONDS / 2, now)
            self.partitions[partition] = held
        held.reason = reason
        held.oldest = min(held.oldest, oldest)
        held.pause = min(held.pause * 2, HELD_MAX_SECONDS)
        held.due = now + held.pause
        held.hotels.add(hotel_id)

    def holds(self, hotel_id: str) -> bool:
        """Whether the hotel's rows are left out; it is remembered as one of the partition's."""
        held = self.partitions.get(partition_of(hotel_id))
        if held is not None:
            held.hotels.add(hotel_id)
        return held is not None

    def release(self, partitions: Iterable[int], now: float) -> None:
        """The queues take messages again; so may the others, which are due now."""
        released = [self.partitions.pop(partition) for partition in partitions if partition in self.partitions]
        if released:
            for held in self.partitions.values():
                held.due = now

    def due(self, now: float) -> dict[int, Held]:
        """Which partitions are to be tried again."""
        return {partition: held for partition, held in self.partitions.items() if held.due <= now}

    def hotels(self) -> list[str]:
        """The known hotels of all partitions that are left out."""
        return [hotel_id for held in self.partitions.values() for hotel_id in held.hotels]

    def oldest(self) -> list[float]:
        """When the oldest row of each partition was stored."""
        return [held.oldest for held in self.partitions.values()]
