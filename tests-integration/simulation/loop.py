"""The event loop of a simulation: time is virtual, and which process goes on next is chance, by the seed.

Within one process callbacks keep asyncio's order, which real code may rely on; between processes nothing is promised.
"""

import asyncio
import heapq
from asyncio import events
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from random import Random
from typing import Any, Final, TypeVar, TypeVarTuple, Unpack

from simulation.process import OUTSIDE, OWNER, Process

MAX_STEPS: Final = 120_000
MAX_CLOSES: Final = 100

Result = TypeVar("Result")
Ts = TypeVarTuple("Ts")


class RestlessError(Exception):
    """More steps than any run needs: something goes round and round."""


class KilledError(BaseException):
    """Its process is dead: nothing of it runs any more, neither handlers nor what stands in ``finally``."""


class SimulatedLoop(asyncio.BaseEventLoop):
    """Runs every process of a world in one thread. ``complaints`` are errors that no code of theirs has seen."""

    def __init__(self, random: Random) -> None:
        """Start at second zero."""
        super().__init__()
        self.now = 0.0
        self.steps = 0
        self.complaints: list[str] = []
        self.on_fatal_step: Callable[[Process], None] = lambda _: None
        self._chance = random.random
        self._timers: list[tuple[float, int, asyncio.TimerHandle, Process]] = []
        self._sequence = 0
        self._busy: list[Process] = []
        self._outside = Process(OUTSIDE, OUTSIDE)
        self._tasks: list[asyncio.Task[Any]] = []
        self._over = False

    def time(self) -> float:
        """Seconds since the world began."""
        return self.now

    def call_soon(
        self, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Have it called in its process; never where that is dead."""
        where = copy_context() if context is None else context
        handle = asyncio.Handle(callback, args, self, where)
        owner = where.get(OWNER, None) or self._outside
        if owner.alive and not self._over:
            owner.ready.append(handle)
            if not owner.listed and not owner.paused:
                owner.listed = True
                self._busy.append(owner)
        return handle

    def call_at(
        self, when: float, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Have it called at that time, or when its process goes on."""
        where = copy_context() if context is None else context
        handle = asyncio.TimerHandle(when, callback, args, self, where)
        self._sequence += 1
        heapq.heappush(self._timers, (when, self._sequence, handle, _owner(where) or self._outside))
        return handle

    def call_later(
        self, delay: float, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Have it called after so many seconds."""
        return self.call_at(self.now + delay, callback, *args, context=context)

    def create_task(self, coro: Any, *, name: object = None, context: Context | None = None) -> asyncio.Task[Any]:
        """A task that is kept, also when its process dies, so that nothing of it is cleaned up by accident."""
        task = asyncio.Task(coro, loop=self, name=str(name or "simulated"), context=context)
        task._log_destroy_pending = False  # type: ignore[attr-defined]  # noqa: SLF001  # dead processes leave them
        self._tasks.append(task)
        return task

    def pause(self, process: Process) -> None:
        """Nothing of the process runs until it is resumed; what happens to it meanwhile waits."""
        process.paused = True
        if process.listed:
            self._busy.remove(process)
            process.listed = False

    def resume(self, process: Process) -> None:
        """It goes on where it stood."""
        process.paused = False
        self._list(process)

    def kill(self, process: Process) -> None:
        """It is gone, between two of its callbacks or inside the one that runs."""
        process.alive = False
        process.ready.clear()
        if process.listed:
            self._busy.remove(process)
            process.listed = False

    def run_world(self, main: Coroutine[Any, Any, Result]) -> Result:
        """What ``main`` returns or raises; then all is over. ``RestlessError`` after ``MAX_STEPS``."""
        try:
            return self.run_for(main)
        finally:
            self.end()

    def run_for(self, main: Coroutine[Any, Any, Result]) -> Result:
        """What ``main`` returns or raises; what else there is stays where it is then."""
        events._set_running_loop(self)  # noqa: SLF001  # as every event loop does
        try:
            task = self.create_task(main)
            while not task.done():
                self._step()
            return task.result()  # type: ignore[no-any-return]
        finally:
            events._set_running_loop(None)  # noqa: SLF001

    def end(self) -> None:
        """Nothing runs any more."""
        events._set_running_loop(self)  # noqa: SLF001
        try:
            self._discard()
        finally:
            events._set_running_loop(None)  # noqa: SLF001
        self.close()

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Remember what nobody looked at."""
        if not self._over:
            self.complaints.append(f"{context.get('message')}: {context.get('exception')!r}")

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """It stays in the heap until its time comes."""

    def _list(self, process: Process) -> None:
        if process.ready and not process.listed and not process.paused:
            process.listed = True
            self._busy.append(process)

    def _step(self) -> None:
        busy = self._busy
        if not busy:
            self._wait()
            return
        index = int(self._chance() * len(busy)) if len(busy) > 1 else 0
        process = busy[index]
        handle = process.ready.popleft()
        if not process.ready:
            process.listed = False
            busy[index] = busy[-1]
            busy.pop()
        self._run(process, handle)

    def _wait(self) -> None:
        """Let time pass until something happens."""
        if not self._timers:
            raise RestlessError("nothing will ever happen again")
        when, _, handle, process = heapq.heappop(self._timers)
        if handle._cancelled or not process.alive:  # noqa: SLF001
            return
        self.now = max(self.now, when)
        if process.paused:
            process.ready.append(handle)
        else:
            self._run(process, handle)

    def _run(self, process: Process, handle: asyncio.Handle) -> None:
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise RestlessError(f"{MAX_STEPS} steps, and it is {self.now:.1f} s")
        process.steps += 1
        if process.steps == process.fatal_step:
            self.on_fatal_step(process)
        elif not handle._cancelled:  # noqa: SLF001
            try:
                handle._context.run(handle._callback, *handle._args)  # type: ignore[attr-defined]  # noqa: SLF001
            except KilledError:
                return
            except Exception as error:  # noqa: BLE001  # whatever it is, the run is red for it
                self.complaints.append(f"{handle!r}: {error!r}")

    def _discard(self) -> None:
        """Close what still waits, now that nobody looks: whatever it does in the end is no part of the run."""
        self._over = True
        for task in self._tasks:  # grows while it is gone through
            coroutine = task.get_coro()
            if not task.done() and isinstance(coroutine, Coroutine):
                _close(coroutine)
        self._tasks.clear()
        self._timers.clear()
        self._busy.clear()


def _owner(context: Context) -> Process | None:
    return context.get(OWNER, None)


def _close(coroutine: Coroutine[Any, Any, Any]) -> None:
    for _ in range(MAX_CLOSES):
        try:
            coroutine.close()
        except BaseException:  # noqa: BLE001, S112  # it waits for something in a finally, or is hurt that the world is gone
            continue
        return
