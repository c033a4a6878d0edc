"""One process of the world: its callbacks in order, and whether it lives, stands still or is dead."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass, field
from typing import Any, Final

OUTSIDE: Final = "outside"
OWNER: Final[ContextVar["Process | None"]] = ContextVar("owner", default=None)


@dataclass(slots=True, eq=False)
class Process:
    """What the loop knows of a process. ``stop`` is its SIGTERM, ``fatal_step`` the callback that it dies before.

    One that is paused in the middle of a callback runs to the end of it; what it sends is ``unsent`` until it goes on.
    """

    name: str
    kind: str
    alive: bool = True
    paused: bool = False
    listed: bool = False
    steps: int = 0
    fatal_step: int = 0
    ready: deque[asyncio.Handle] = field(default_factory=deque)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    sockets: list[Any] = field(default_factory=list)
    unsent: list[Callable[[], None]] = field(default_factory=list)
    context: Context = field(init=False)

    def __post_init__(self) -> None:
        """Make the context in which all of it runs."""
        self.context = copy_context()
        self.context.run(OWNER.set, self)

    def stuck(self) -> bool:
        """Whether nothing that it would send now leaves it."""
        return self.paused or not self.alive


def current() -> Process:
    """The process whose code runs now."""
    process = OWNER.get()
    if process is None:
        raise LookupError("no process of the world runs here")
    return process
