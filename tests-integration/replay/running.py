"""One run: every hotel sent at once, waited for, read back and compared with what its file says."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from replay.commands import Hotel
from replay.figures import Figures, differences
from replay.progress import Progress
from replay.quiet import look, wait_until_quiet, watch
from replay.readback import Reading
from replay.sender import Sent, send
from replay.service import ReplayError, Service
from replay.tasks import tasks


@dataclass(frozen=True, slots=True)
class Run:
    """The hotels of a run and the two services that it asks."""

    command: Service
    query: Service
    hotels: Sequence[Hotel]

    async def replay(self) -> dict[str, Any]:
        """Replay the hotels side by side; the answer holds the figures read back, ``equal`` and the differences.

        ``seconds`` are from the first request until the last document was there. After a ``ReplayError``
        the same run may be started again, and goes on where it was.
        """
        commands = sum(1 for hotel in self.hotels for _ in tasks(hotel.house))
        heads, seconds = await self._until_quiet(commands)
        read = {
            hotel.hotel_id: await self._reading(hotel, head).figures(sent)
            for hotel, (sent, head) in zip(self.hotels, heads, strict=True)
        }
        found = self._differences(read)
        return {
            "commands": commands,
            "seconds": round(seconds, 3),
            "commands_per_second": round(commands / seconds, 1),
            "hotels": read,
            "equal": not found,
            "differences": found,
        }

    async def _until_quiet(self, commands: int) -> tuple[list[tuple[Sent, int]], float]:
        events = sum(_events(hotel) for hotel in self.hotels)
        progress = Progress({"sent": commands, "decided": events, "in documents": events})
        hotel_ids = [hotel.hotel_id for hotel in self.hotels]
        started = time.monotonic()
        try:
            async with asyncio.TaskGroup() as group:
                watching = group.create_task(watch(self.command, self.query, hotel_ids, progress.at))
                running = [group.create_task(self._one_until_quiet(hotel, progress)) for hotel in self.hotels]
                done = [await one for one in running]
                seconds = time.monotonic() - started
                watching.cancel()
            await look(self.command, self.query, hotel_ids, progress.at)
        except ExceptionGroup as group:
            if plain := _plain(group):
                raise plain from group
            raise
        finally:
            progress.finish()
        return done, seconds

    async def _one_until_quiet(self, hotel: Hotel, progress: Progress) -> tuple[Sent, int]:
        sent = await send(self.command, hotel.hotel_id, hotel.commands(), lambda more: progress.add("sent", more))
        return sent, await wait_until_quiet(self.command, self.query, hotel.hotel_id, sent.last_command)

    def _reading(self, hotel: Hotel, head: int) -> Reading:
        return Reading(query=self.query, hotel_id=hotel.hotel_id, span=hotel.house.span, position=head)

    def _differences(self, read: dict[str, Figures]) -> list[dict[str, Any]]:
        return [
            {"hotel": hotel.hotel_id, **difference}
            for hotel in self.hotels
            for difference in differences(hotel.house.count.figures, read[hotel.hotel_id])
        ]


def _events(hotel: Hotel) -> int:
    """What its commands come to: one event for each that is not about a refused booking."""
    accepted = hotel.house.count.accepted
    return sum(task.row is None or task.row in accepted for task in tasks(hotel.house))


def _plain(group: ExceptionGroup[Exception]) -> ReplayError | None:
    """What the hotels complain of, in one sentence; nothing where there is something unexpected among it."""
    expected, unexpected = group.split(ReplayError)
    if unexpected is not None or expected is None:
        return None
    return ReplayError("; ".join(dict.fromkeys(str(error) for error in expected.exceptions)))
