"""What lies between processes and servers: each message takes its time, and a line keeps their order."""

from collections.abc import Callable
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from simulation.chance import Chance
from simulation.loop import SimulatedLoop
from simulation.process import OWNER
from simulation.trace import Trace

JUST_AFTER = 1e-9


@dataclass(slots=True)
class Network:
    """Carries calls. ``slow`` is how likely a message is to take up to ``slow_seconds`` instead of milliseconds."""

    loop: SimulatedLoop
    chance: Chance
    trace: Trace
    slow: float = 0.0
    slow_seconds: float = 1.0
    outside: Context = field(default_factory=copy_context)

    def delay(self) -> float:
        """How long a message takes."""
        draw = self.chance.random.random()
        if draw < self.slow:
            self.trace.count("slow_messages")
            return self.chance.random.random() * self.slow_seconds
        return 0.0005 + draw * 0.004

    def to_server(self, arrive: Callable[..., None], *arguments: Any) -> None:
        """Carry a call to where no process of ours is."""
        sender = OWNER.get()
        if sender is not None and sender.stuck():
            sender.unsent.append(partial(self.to_server, arrive, *arguments))
            return
        self.loop.call_later(self.delay(), arrive, *arguments, context=self.outside)

    def to_process(self, context: Context, arrive: Callable[..., None], *arguments: Any) -> None:
        """Carry a call into a process, which may be paused or dead when it arrives."""
        self.loop.call_later(self.delay(), arrive, *arguments, context=context)


@dataclass(slots=True, eq=False)
class Line:
    """One direction of a connection: what is sent first arrives first, until it is cut."""

    network: Network
    context: Context
    cut: bool = False
    _last: float = 0.0

    def send(self, arrive: Callable[..., None], *arguments: Any) -> None:
        """Carry a call, behind all that were sent before."""
        sender = OWNER.get()
        if sender is not None and sender.stuck():
            sender.unsent.append(partial(self.send, arrive, *arguments))
            return
        when = max(self.network.loop.now + self.network.delay(), self._last + JUST_AFTER)
        self._last = when
        self.network.loop.call_at(when, self._arrive, arrive, arguments, context=self.context)

    def _arrive(self, arrive: Callable[..., None], arguments: tuple[Any, ...]) -> None:
        if not self.cut:
            arrive(*arguments)
