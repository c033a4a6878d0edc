"""Tasks as commands of one hotel of one run: every id follows from the run, the hotel and what the task is about.

So a run that is sent again, wholly or in part, sends the same commands.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid5

from replay.house import House
from replay.tasks import Task, tasks

Command = dict[str, Any]
"""One item of a batch body: ``task``, ``idempotency_key`` and ``body``."""

BOOKING: Final = "book-room"


@dataclass(frozen=True, slots=True)
class Hotel:
    """One hotel of a run: the ``number``-th that is opened for it, from 1."""

    run: UUID
    number: int
    house: House

    @property
    def hotel_id(self) -> str:
        """The id under which it is opened."""
        return f"replay-{self.run.hex[:8]}-{self.number}"

    def commands(self) -> Iterator[Command]:
        """Its commands in order, made one by one."""
        for task in tasks(self.house):
            yield self._command(task)

    def _command(self, task: Task) -> Command:
        key = self._id(task.name, task.about)
        body = task.body
        if task.name == BOOKING:
            body["guest_id"] = self._id("guest", task.about)
        elif task.row is not None:
            body["reservation_id"] = self._id(BOOKING, task.row)
        return {"task": task.name, "idempotency_key": key, "body": body}

    def _id(self, name: str, about: str | int) -> str:
        return str(uuid5(self.run, f"{self.hotel_id}/{name}/{about}"))
