"""A disk that is full: PostgreSQL's data on a small file system in memory, filled up, and given room again.

Needs root, for the mount. It is unmounted at the end whatever happens; the data is back where it was then.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local_stack.server import Server

ROOM_BYTES: Final = 64 * 1024 * 1024
BALLAST: Final = "ballast"
PIECE_BYTES: Final = 1024 * 1024


class MountRefused(Exception):  # noqa: N818 - reads as what happened
    """This machine does not let us mount; the message says what it answered."""


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A file system of its own at ``directory``."""

    directory: Path

    def fill(self) -> None:
        """Leave no byte free."""
        piece = bytes(PIECE_BYTES)
        with suppress(OSError), self.ballast.open("ab", buffering=0) as file:  # full is what it is to be
            while True:
                file.write(piece)

    def make_room(self) -> None:
        """As an operator does who deletes what is not needed."""
        self.ballast.unlink(missing_ok=True)

    @property
    def free(self) -> int:
        """Bytes."""
        found = os.statvfs(self.directory)
        return found.f_bavail * found.f_frsize

    @property
    def ballast(self) -> Path:
        """What fills it."""
        return self.directory / BALLAST


@contextmanager
def small_disk_under(server: Server, data: Path, room: int = ROOM_BYTES) -> Iterator[SmallDisk]:
    """Move the server's data to a file system with so much room beside it, and back at the end; it is restarted twice.

    May raise ``MountRefused``: nothing has changed then.
    """
    server.stop()
    kept = data.with_name(f"{data.name}.kept")
    data.rename(kept)
    _like(kept, data)
    size = sum(file.stat().st_size for file in kept.rglob("*") if file.is_file()) + room
    try:
        _run("mount", "-t", "tmpfs", "-o", f"size={size}", "innkeep-small-disk", str(data))
    except MountRefused:
        data.rmdir()
        kept.rename(data)
        server.ensure_running()
        raise
    try:
        _run("mount", "--make-private", str(data))
        _like(kept, data)
        _run("cp", "-a", f"{kept}/.", str(data))
        shutil.rmtree(kept)
        server.ensure_running()
        yield SmallDisk(data)
    finally:
        server.stop()
        (data / BALLAST).unlink(missing_ok=True)
        if not kept.exists():
            _run("cp", "-a", str(data), str(kept))
        _run("umount", "-l", str(data))
        data.rmdir()
        kept.rename(data)
        server.ensure_running()


def _like(pattern: Path, directory: Path) -> None:
    """A directory with the same owner and rights."""
    directory.mkdir(exist_ok=True)
    shutil.copystat(pattern, directory)
    os.chown(directory, pattern.stat().st_uid, pattern.stat().st_gid)


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise MountRefused(f"{' '.join(command)}: {done.stderr.strip()}")
