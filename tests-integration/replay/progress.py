"""One line on how far a run is: in place on a terminal, else a new one now and then."""

import sys
import time
from dataclasses import dataclass, field
from typing import Final, TextIO

TERMINAL_SECONDS: Final = 0.25
LOG_SECONDS: Final = 5.0
STAGES: Final = ("sent", "decided", "in documents")


@dataclass(slots=True)
class Progress:
    """What is done in each stage, of how much each will have. Time left is that of the slowest stage that has begun."""

    totals: dict[str, int]
    stream: TextIO = field(default_factory=lambda: sys.stderr)
    done: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STAGES, 0))
    started: float = field(default_factory=time.monotonic)
    shown: float = 0.0

    def add(self, stage: str, more: int) -> None:
        """So many more are done."""
        self.at(stage, self.done[stage] + more)

    def at(self, stage: str, done: int) -> None:
        """So many are done in all."""
        self.done[stage] = done
        now = time.monotonic()
        if now - self.shown >= (TERMINAL_SECONDS if self.stream.isatty() else LOG_SECONDS):
            self.shown = now
            self._show(now)

    def finish(self) -> None:
        """Show the last of it and leave the line."""
        self._show(time.monotonic())
        if self.stream.isatty():
            self.stream.write("\n")
            self.stream.flush()

    def line(self, seconds: float) -> str:
        """The line after so many seconds."""
        parts = [f"{stage} {_percent(self.done[stage], self.totals[stage])} %" for stage in STAGES]
        rate = self.done["decided"] / max(seconds, 0.001)
        return f"{', '.join(parts)}; {rate:,.0f}/s, {self._left(seconds)} left"

    def _left(self, seconds: float) -> str:
        stages = ((self.done[stage], self.totals[stage]) for stage in STAGES)
        unfinished = [(done, total) for done, total in stages if done < total]
        begun = [(done, total) for done, total in unfinished if done and _percent(done, total)]
        if unfinished and not begun:
            return "?"
        left = int(max(((total - done) * seconds / done for done, total in begun), default=0))
        return f"{left // 60}:{left % 60:02d}"

    def _show(self, now: float) -> None:
        line = self.line(now - self.started)
        if self.stream.isatty():
            self.stream.write(f"\r{line}\x1b[K")
        else:
            self.stream.write(f"{line}\n")
        self.stream.flush()


def _percent(done: int, total: int) -> int:
    return min(100 * done // total, 100) if total else 100
