"""Backups of Innkeep's PostgreSQL: backup.py take FILE | check FILE | restore FILE.

Of the stack on this machine without containers; or, where INNKEEP_BACKUP_POSTGRES_URL names a database as a superuser
sees it, of that one, and then `restore` restores the database alone; deploy/backup.md has what comes before and after.
"""

import argparse
import os
import sys
import time
from pathlib import Path

from innkeep_backup import database
from innkeep_backup.database import BackupError
from innkeep_backup.whole_stack import restore_stack, superuser_url
from innkeep_processes.places import places
from local_stack.server import StartFailed

VARIABLE = "INNKEEP_BACKUP_POSTGRES_URL"


def main() -> int:
    """Carry out one command and return the exit code."""
    parser = argparse.ArgumentParser(prog="backup.py", description=__doc__)
    parser.add_argument("command", choices=["take", "check", "restore"])
    parser.add_argument("file", type=Path)
    arguments = parser.parse_args()
    began = time.monotonic()
    try:
        _carry_out(arguments.command, arguments.file)
    except (BackupError, LookupError, StartFailed) as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    size = arguments.file.stat().st_size / 1_000_000
    _tell(f"{arguments.command:<16}{arguments.file}, {size:.1f} MB, done in {time.monotonic() - began:.1f} s")
    return 0


def _carry_out(command: str, file: Path) -> None:
    given = os.environ.get(VARIABLE)
    match command:
        case "take":
            database.take(given or superuser_url(places()), file)
        case "check":
            database.check(file)
        case _ if given:
            database.restore(given, file)
        case _:
            restore_stack(places(), file, _tell)


def _tell(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
