"""The way back for the stack without containers: PostgreSQL first, then everything that is made from it."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from innkeep_backup.database import check, restore
from innkeep_processes.ending import down
from innkeep_processes.places import Places
from innkeep_processes.starting import up
from local_stack import postgres

Tell = Callable[[str], None]
MADE_AGAIN = {"rabbitmq": ("mnesia*",), "document-store": ("documents.mv*", "mongod")}
"""Below each server's folder, what it holds: of another history than the backup, and made again from it."""


def superuser_url(places: Places) -> str:
    """Where the stack's PostgreSQL is, as its superuser; ``LookupError`` where it does not run."""
    server = postgres.at(places.data / "postgresql")
    if not server.running():
        msg = "The stack's PostgreSQL does not run: `make up` first."
        raise LookupError(msg)
    return postgres.superuser_url(server)


def restore_stack(places: Places, file: Path, tell: Tell) -> None:
    """Stop everything, put the backup in place, and start everything with empty queues and documents.

    Queues and documents are emptied only once PostgreSQL holds the backup. May raise ``BackupError`` and StartFailed.
    """
    began = time.monotonic()

    def timed(what: str) -> None:
        tell(f"{'restore':<16}{what}, {time.monotonic() - began:.1f} s")

    check(file)
    down(places, tell)
    places.make()
    server = postgres.start(places.data / "postgresql")
    restore(postgres.superuser_url(server), file)
    timed("PostgreSQL holds the backup")
    for folder in empty(places.data):
        timed(f"emptied {folder}")
    up(places, tell)
    timed("everything is ready; documents are being made from the events")


def empty(data: Path) -> list[str]:
    """Delete what the broker and the document store hold, both of which are stopped; their names."""
    emptied = []
    for name, patterns in MADE_AGAIN.items():
        held = [path for pattern in patterns for path in (data / name).glob(pattern)]
        for path in held:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        emptied += [name] if held else []
    return emptied
