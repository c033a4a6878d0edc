"""One of Innkeep's processes, run for real: started, asked how it is, killed, paused and started again."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx2

from harness.waiting import until
from local_stack.free_port import free_port

READY_SECONDS: Final = 90.0
STOP_SECONDS: Final = 10.0


@dataclass(slots=True)
class Process:
    """A console script of a service with a port of its own; its log is a file."""

    script: str
    command: str
    environment: Mapping[str, str]
    log: Path
    port: int = field(default_factory=free_port)
    _running: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The id of the process that was started last."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """How it ended, a signal as its negative number; nothing while it runs."""
        return self._process.poll()

    def start(self) -> None:
        """Start it; returns at once."""
        executable = Path(sys.executable).parent / self.script
        settings = {**self.environment, "INNKEEP_PORT": str(self.port)}
        with self.log.open("ab") as log:
            self._running = subprocess.Popen(
                [str(executable), self.command], env={**os.environ, **settings}, stdout=log, stderr=log
            )

    async def ready(self) -> None:
        """Return once it says that nothing is missing; ``TimeoutError`` with its log where it never does."""
        said = ""
        async with httpx2.AsyncClient(timeout=2) as client:

            async def says_ready() -> bool:
                nonlocal said
                try:
                    answer = await client.get(f"{self.url}/health/ready")
                except httpx2.HTTPError as error:
                    said = repr(error)
                    return False
                said = answer.text
                return answer.status_code == 200

            try:
                await until(says_ready, READY_SECONDS)
            except TimeoutError:
                raise TimeoutError(f"{self.command} says {said}: {self.log.read_text()[-2_000:]}") from None

    def pause(self) -> None:
        """SIGSTOP: alive to the network, and silent, until it is resumed."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL, and gone."""
        self._signal(signal.SIGKILL)
        self._process.wait()

    def stop(self, seconds: float = STOP_SECONDS) -> int:
        """SIGTERM; its exit code. ``TimeoutExpired`` where it takes longer than that."""
        self._signal(signal.SIGTERM)
        try:
            return self._process.wait(seconds)
        finally:
            self._process.kill()
            self._process.wait()

    def end(self) -> None:
        """Make sure that it is gone."""
        if self._running is not None and self._running.poll() is None:
            self.kill()

    def _signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    @property
    def _process(self) -> subprocess.Popen[bytes]:
        assert self._running is not None, "it was never started"
        return self._running
