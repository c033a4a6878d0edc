"""A rebuild of the documents that dies under traffic; the same command goes on, and nothing that is served is wrong."""

import asyncio
import os
from signal import SIGKILL
from typing import Final

from chaos.trial import Trial
from harness.world import World, script
from shared_contracts.transport.crashing import VARIABLE, CrashPoint

REBUILD: Final = ("rebuild", "--share", "1")
REBUILD_SECONDS: Final = 120.0


async def dies_while_rebuilding(running: Trial, point: CrashPoint, hit: int) -> str:
    """Have a rebuild die there, and go on with it to its end; empty where all is well, else what was seen."""
    world = running.world
    running.history.harm("crash point", str(point), running.load.open_requests)
    ended = await _query_service(world, {VARIABLE: f"{point}:{hit}"}, *REBUILD)
    if ended != -SIGKILL:
        return f"{point} was not hit {hit} times: rebuild ended with {ended}"
    for arguments in (REBUILD, ("rebuild", "--discard-old")):
        if (ended := await _query_service(world, {}, *arguments)) != 0:
            return f"{point}: {' '.join(arguments)} ended with {ended} afterwards"
    return ""


async def _query_service(world: World, armed: dict[str, str], *arguments: str) -> int:
    """Run its command line; its exit status, a signal as its negative number."""
    with (world.pair.directory / "rebuild.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            script("query-service"),
            *arguments,
            env={**os.environ, **world.pair.environment, **armed},
            stdout=log,
            stderr=log,
        )
        async with asyncio.timeout(REBUILD_SECONDS):
            return await process.wait()
