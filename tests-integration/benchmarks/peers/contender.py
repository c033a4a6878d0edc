"""What is compared: something that queues bookings and has one worker process that can be started and killed."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


class Contender(Protocol):
    """One way to queue and decide; everything it has stored is gone after ``prepare``."""

    decided: str
    """The statement that counts the commands decided so far, cheaply."""
    decisions: str
    """The statement that counts, once all is done, the commands decided and the decisions made."""
    patience: float
    """After so many seconds without a decision none comes any more."""

    async def prepare(self, *, once: bool) -> None:
        """Make everything anew. Without ``once`` no constraint keeps a command from being decided twice."""
        ...

    async def enqueue(self, count: int, seed: int) -> tuple[int, float]:
        """Queue about so many bookings while no worker runs: how many they are, and the seconds that it took."""
        ...

    def start(self) -> int:
        """Start the worker; its process id."""
        ...

    def check(self) -> None:
        """``AssertionError`` with the end of its log where the worker has ended by itself."""
        ...

    def kill(self) -> None:
        """SIGKILL to the worker and all that it started, and gone."""
        ...

    def close(self) -> None:
        """Make sure that nothing of it runs."""
        ...


@dataclass(slots=True)
class Worker:
    """A worker in a process group of its own; its log is a file."""

    command: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)
    directory: Path
    log: Path
    _running: subprocess.Popen[bytes] | None = None

    def start(self) -> int:
        """Start it; its process id."""
        with self.log.open("ab") as log:
            self._running = subprocess.Popen(
                self.command,
                env={**os.environ, **self.environment},
                cwd=self.directory,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self._running.pid

    def check(self) -> None:
        """``AssertionError`` with its log where it has ended by itself."""
        ended = self._process.poll()
        assert ended is None, f"{self.log.stem} has ended by itself ({ended}): {self.log.read_text()[-2_000:]}"

    def kill(self) -> None:
        """SIGKILL to the group, and gone."""
        self.check()
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """Make sure that it is gone."""
        if self._running is not None and self._running.poll() is None:
            self.kill()

    @property
    def _process(self) -> "subprocess.Popen[bytes]":
        assert self._running is not None, "it was never started"
        return self._running
