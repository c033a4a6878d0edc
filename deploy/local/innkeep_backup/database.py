"""One database of PostgreSQL as a file: taken while it is at work, checked, and put back in its place.

The file is of one moment, holds the roles' rights with the tables, and may go to a newer PostgreSQL or another machine.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

PRIVATE = 0o600
SHOWN_CHARACTERS = 2000
TABLES = ("command", "event", "hotel", "outcome")


class BackupError(Exception):
    """It could not be done; the message says what to do, and what there was before is there still."""


def take(superuser_url: str, file: Path) -> None:
    """Back the database up into a new file that only its owner may read; nobody has to stop for it.

    ``BackupError`` where it failed: then there is no such file.
    """
    if file.exists():
        msg = f"{file} is there already: a backup never takes the place of another."
        raise BackupError(msg)
    part = file.with_name(f"{file.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, PRIVATE)
    try:
        # Who was at work in that moment is not at work when it is restored.
        dump = ["pg_dump", "--format=custom", "--no-unlogged-table-data"]
        _run(dump, _connection(superuser_url), stdout=descriptor)
        os.fsync(descriptor)
        check(part)
    except BackupError:
        part.unlink()
        raise
    finally:
        os.close(descriptor)
    part.rename(file)


def check(file: Path) -> None:
    """Read the file to its end; ``BackupError`` where it is cut, damaged, or of something else."""
    if not file.exists():
        msg = f"There is no {file}."
        raise BackupError(msg)
    contents = _run(["pg_restore", "--list", str(file)], {})
    absent = [table for table in TABLES if f" TABLE DATA public {table} " not in contents]
    if absent:
        msg = f"{file} holds no table {', '.join(absent)}: it is not a backup of Innkeep."
        raise BackupError(msg)
    _run(["pg_restore", f"--file={os.devnull}", str(file)], {})


def restore(superuser_url: str, file: Path) -> None:
    """Put the backup in the place of the database, all of it; ``BackupError`` while anybody is connected to it.

    One that broke off leaves a part of it: restore again before anything is started.
    """
    check(file)
    elsewhere = _connection(superuser_url) | {"PGDATABASE": "postgres"}
    _run(
        ["pg_restore", "--clean", "--if-exists", "--create", "--exit-on-error", "--dbname=postgres", str(file)],
        elsewhere,
    )


def _connection(url: str) -> dict[str, str]:
    """What a client program connects to, told where no other user of the machine can read it."""
    parts = urlsplit(url)
    return {
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port or ""),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": parts.path.lstrip("/"),
    }


def _run(command: Sequence[str], connection: Mapping[str, str], stdout: int = subprocess.PIPE) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    try:
        done = subprocess.run(
            command,
            env={**kept, **connection},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            check=False,
        )
    except FileNotFoundError:
        msg = f"{command[0]} is not installed: install Debian's postgresql-client, of the server's version or newer."
        raise BackupError(msg) from None
    if done.returncode:
        said = done.stderr.decode(errors="replace")[-SHOWN_CHARACTERS:].strip()
        msg = f"{command[0]} ended with {done.returncode}: {said}"
        raise BackupError(msg)
    return (done.stdout or b"").decode(errors="replace")
