"""Commands of one hotel over HTTP, in order: one body at a time, each sent until it is answered."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from replay.commands import BOOKING, Command
from replay.service import ReplayError, Service, document

BODY_COMMANDS: Final = 500
INVALID: Final = "invalid_command"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What the door said: bookings accepted for a decision, bookings refused as invalid, and the last id accepted."""

    bookings: int
    invalid: int
    last_command: str


async def send(service: Service, hotel_id: str, commands: Iterable[Command], on_sent: Callable[[int], None]) -> Sent:
    """Send everything and say after each body how many commands it held.

    A body follows when the one before it is stored, so the order holds; one that breaks off is sent again under the
    same ids, so nothing is done twice. ``ReplayError`` where a command is refused that should not be.
    """
    bookings = invalid = 0
    last = ""
    for body in _bodies(commands):
        response = await service.post(f"/v1/hotels/{hotel_id}/commands", {"commands": body})
        accepted = _accepted(body, document(response, 207)["answers"])
        bookings += sum(command["task"] == BOOKING for command in accepted)
        invalid += len(body) - len(accepted)
        last = accepted[-1]["idempotency_key"] if accepted else last
        on_sent(len(body))
    return Sent(bookings=bookings, invalid=invalid, last_command=last)


def _bodies(commands: Iterable[Command]) -> Iterator[list[Command]]:
    remaining = iter(commands)
    while body := list(islice(remaining, BODY_COMMANDS)):
        yield body


def _accepted(body: Sequence[Command], answers: Sequence[dict[str, Any]]) -> list[Command]:
    if len(answers) != len(body):
        raise ReplayError(f"{len(body)} commands were given {len(answers)} answers; there must be one for each")
    return [command for command, answer in zip(body, answers, strict=True) if _is_accepted(command, answer)]


def _is_accepted(command: Command, answer: dict[str, Any]) -> bool:
    task, key = command["task"], command["idempotency_key"]
    if answer["status"] == 202:
        if answer["command_id"] != key or (task == BOOKING and answer["reservation_id"] != key):
            raise ReplayError(f"{task} {key} was accepted under other ids: {answer}")
        return True
    if task == BOOKING and answer["status"] == 422 and answer["problem"]["code"] == INVALID:
        return False
    raise ReplayError(f"{task} {key} was not accepted: {answer}; its body was {command['body']}")
