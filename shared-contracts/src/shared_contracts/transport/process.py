"""How one of our processes runs: its loops and its HTTP port, until a signal asks it to finish what it has in hand."""

import asyncio
import os
import signal
import threading
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
import uvicorn
from starlette.types import ASGIApp

from shared_contracts.transport.collecting import collect_by_the_clock, collect_seldom
from shared_contracts.transport.one_write import OneWrite

FINISH_SECONDS: Final = 8
LATEST_SECONDS: Final = 9.5
BACKLOG: Final = 2_048
KEEP_ALIVE_SECONDS: Final = 30

Loop = Callable[[asyncio.Event], Awaitable[None]]
"""Works until the event is set, then finishes what it has in hand and returns; an exception ends the process."""

log = structlog.get_logger()


async def run(app: ASGIApp, host: str, port: int, stop: asyncio.Event, *loops: Loop) -> None:
    """Serve ``app`` and run ``loops`` until SIGTERM or SIGINT sets ``stop``; raises what ends a loop.

    The process is gone ``LATEST_SECONDS`` after that, whatever still hangs: all that it has in hand may come again.
    """
    collect_seldom()
    running = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        running.add_signal_handler(number, stop.set)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            http=OneWrite,
            ws="none",
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=FINISH_SECONDS // 2,
        ),
    )
    serving = asyncio.create_task(server.serve())
    working = [asyncio.ensure_future(loop(stop)) for loop in (*loops, collect_by_the_clock)]
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([serving, stopping, *working], return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    _end_at_the_latest()
    server.should_exit = True
    await asyncio.wait([serving, *working], timeout=FINISH_SECONDS)
    for task in (stopping, *working):
        task.cancel()
    results = await asyncio.gather(serving, *working, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result
    log.info("stopped")


def _end_at_the_latest() -> None:
    def end() -> None:
        log.error("ended_unfinished", seconds=LATEST_SECONDS)
        os._exit(1)

    timer = threading.Timer(LATEST_SECONDS, end)
    timer.daemon = True
    timer.start()
