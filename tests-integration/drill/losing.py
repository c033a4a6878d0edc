"""Losing every server with all that it held, as when a machine burns down; another one takes its place."""

import asyncio
import shutil
from pathlib import Path

from harness.world import World

KEPT = ("port", "*.password")
"""Addresses and passwords, which are kept elsewhere too."""


async def lose_everything(world: World) -> int:
    """Kill every process and every server, and delete what they held; how many bytes that were."""
    for process in world.pair.processes.values():
        process.kill()
    lost = 0
    for name, server in world.servers.items():
        await world.kill_server(name)
        lost += await asyncio.to_thread(_delete, server.directory)
    return lost


def _delete(directory: Path) -> int:
    held = [path for path in directory.iterdir() if not any(path.match(pattern) for pattern in KEPT)]
    size = sum(file.lstat().st_size for path in held for file in [path, *path.rglob("*")] if file.is_file())
    for path in held:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return size
