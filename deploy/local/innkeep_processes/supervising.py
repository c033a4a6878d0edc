"""Starts Innkeep's processes again when they end without having been asked to."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from innkeep_processes import services
from innkeep_processes.places import Places
from innkeep_processes.state import StackState, load, locked

FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 10.0
STEADY_SECONDS = 30.0

Tell = Callable[[str], None]
Clock = Callable[[], float]


@dataclass(slots=True)
class _Patience:
    """When a process is next started again: soon after a long run, ever later when it keeps ending."""

    began: float
    pause: float = FIRST_PAUSE_SECONDS
    due: float | None = None

    def is_due(self, now: float) -> bool:
        return self.due is not None and now >= self.due

    def saw_end(self, now: float) -> None:
        if now - self.began > STEADY_SECONDS:
            self.pause = FIRST_PAUSE_SECONDS
        self.due = now + self.pause
        self.pause = min(2 * self.pause, LONGEST_PAUSE_SECONDS)

    def saw_start(self, now: float) -> None:
        self.due, self.began = None, now


class Supervision:
    """Looks after the processes that the state names; asked again and again by its owner."""

    def __init__(self, places: Places, tell: Tell, clock: Clock = time.monotonic) -> None:
        """Nothing is looked at yet."""
        self._places = places
        self._tell = tell
        self._clock = clock
        self._patience: dict[str, _Patience] = {}

    def look(self) -> None:
        """Start again what has ended and is due; does nothing while `up` or `down` is at work."""
        with locked(self._places, wait=False) as mine:
            if not mine:
                return
            state = load(self._places.state)
            for name, service in state.services.items():
                patience = self._patience.setdefault(name, _Patience(began=self._clock()))
                if service.process.alive():
                    continue
                if patience.due is None:
                    patience.saw_end(self._clock())
                    self._tell(f"{name}, process {service.pid}, has ended unexpectedly")
                if patience.is_due(self._clock()):
                    self._start_again(name, state)

    def _start_again(self, name: str, state: StackState) -> None:
        service = state.services[name]
        services.begin(self._places, name, service)
        service.restarts += 1
        state.save(self._places.state)
        self._patience[name].saw_start(self._clock())
        self._tell(f"{name} is started again, process {service.pid} (restart {service.restarts})")
