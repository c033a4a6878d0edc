"""How far a rebuild is, in the log: events, their rate, and the time that is left."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from query_service.settings import REBUILD_PROGRESS_SECONDS

log = structlog.get_logger()


@dataclass(slots=True)
class Progress:
    """Tells at most every ``seconds``; ``begin`` says what there is to do."""

    clock: Callable[[], float] = time.monotonic
    seconds: float = REBUILD_PROGRESS_SECONDS
    hotels: int = 0
    hotels_done: int = 0
    events: int = 0
    events_done: int = 0
    _began: float = field(default=0.0)
    _told: float = field(default=0.0)

    def begin(self, hotels: int, events: int) -> None:
        """So many hotels, and so many of their events, are not in the shadows yet."""
        self.hotels, self.events = hotels, events
        self._began = self._told = self.clock()
        log.info("rebuild_begins", hotels=hotels, events=events)

    def folded(self, events: int) -> None:
        """So many events more are in the shadows."""
        self.events_done += events
        if self.clock() - self._told >= self.seconds:
            self._told = self.clock()
            self.tell("rebuilding")

    def done_with_hotel(self) -> None:
        """A hotel is brought up to date."""
        self.hotels_done += 1
        self.folded(0)

    def tell(self, action: str) -> None:
        """Log how far it is."""
        rate = self.events_done / max(self.clock() - self._began, 1e-6)
        left = max(0, self.events - self.events_done)
        log.info(
            action,
            hotels=f"{self.hotels_done}/{self.hotels}",
            events=f"{self.events_done}/{self.events}",
            events_per_second=round(rate),
            seconds_left=round(left / rate) if rate else None,
        )
