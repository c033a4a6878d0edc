"""What happened, as the clients saw it: JSON lines in a file, and the same in memory for the checks."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from io import BufferedWriter
from typing import Any

import orjson


class Answered(StrEnum):
    """How a request ended. A time-out, a lost connection and every 5xx are unknown, never a failure."""

    OK = "ok"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Invoke:
    """A command was sent for the first time. ``nights`` are those that it is about; ``at`` is a monotonic instant."""

    id: str
    hotel_id: str
    task: str
    room_type: str
    nights: tuple[str, ...]
    at: float
    wall: float


@dataclass(frozen=True, slots=True)
class Answer:
    """How one sending of a command ended; ``sent`` is when it began."""

    id: str
    result: Answered
    status: int
    sent: float
    at: float
    wall: float


@dataclass(frozen=True, slots=True)
class Told:
    """The outcome of a command, as the API told it."""

    id: str
    status: str
    position: int
    code: str
    at: float
    wall: float


@dataclass(frozen=True, slots=True)
class Look:
    """What a reader saw of one resource: the positions that it is made of, in a fixed order."""

    resource: str
    positions: tuple[int, ...]
    at: float


@dataclass(frozen=True, slots=True)
class Harm:
    """What was done to whom, and how many operations were under way just then."""

    what: str
    target: str
    in_flight: int
    at: float
    wall: float


Entry = Invoke | Answer | Told | Look | Harm


@dataclass(slots=True)
class History:
    """Every entry in the order in which it was noted, to a file as well where there is one."""

    file: BufferedWriter | None = None
    invokes: dict[str, Invoke] = field(default_factory=dict[str, Invoke])
    answers: dict[str, list[Answer]] = field(default_factory=dict[str, list[Answer]])
    told: dict[str, list[Told]] = field(default_factory=dict[str, list[Told]])
    looks: list[Look] = field(default_factory=list[Look])
    harms: list[Harm] = field(default_factory=list[Harm])

    def invoke(self, command_id: str, hotel_id: str, task: str, room_type: str, nights: Sequence[str]) -> None:
        """A command is about to be sent for the first time."""
        entry = Invoke(command_id, hotel_id, task, room_type, tuple(nights), time.monotonic(), time.time())
        self.invokes[command_id] = entry
        self._write(entry)

    def answer(self, command_id: str, result: Answered, status: int, sent: float) -> None:
        """A sending has ended."""
        entry = Answer(command_id, result, status, sent, time.monotonic(), time.time())
        self.answers.setdefault(command_id, []).append(entry)
        self._write(entry)

    def outcome(self, command_id: str, document: dict[str, Any]) -> None:
        """The API has told an outcome."""
        code, position = document.get("code", ""), document["position"]
        entry = Told(command_id, document["status"], position, code, time.monotonic(), time.time())
        self.told.setdefault(command_id, []).append(entry)
        self._write(entry)

    def look(self, resource: str, positions: Sequence[int]) -> None:
        """A reader has looked."""
        entry = Look(resource, tuple(positions), time.monotonic())
        self.looks.append(entry)
        self._write(entry)

    def harm(self, what: str, target: str, in_flight: int) -> None:
        """Something is broken on purpose, now."""
        entry = Harm(what, target, in_flight, time.monotonic(), time.time())
        self.harms.append(entry)
        self._write(entry)

    def acknowledged(self) -> set[str]:
        """The ids that were answered 202 or 200 at least once."""
        return {key for key, answers in self.answers.items() if any(a.result is Answered.OK for a in answers)}

    def unknown(self) -> set[str]:
        """The ids of which one sending at least ended unknown."""
        return {key for key, answers in self.answers.items() if any(a.result is Answered.UNKNOWN for a in answers)}

    def _write(self, entry: Entry) -> None:
        if self.file is not None:
            line = {"entry": type(entry).__name__.lower(), **asdict(entry)}
            self.file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
