"""Copies of what the servers hold, of one moment, and the way back to them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from local_stack.server import Server


def back_up_postgres(server: Server, backup: Path) -> None:
    """Take a consistent copy of the database while it runs."""
    _run(["pg_dump", "--format=custom", "--no-owner", f"--file={backup}", server.url])


def restore_postgres(server: Server, backup: Path) -> None:
    """Put the copy in place of what is there; nobody else may be connected."""
    _run(
        [
            "pg_restore",
            "--clean",
            "--if-exists",
            "--no-owner",
            "--single-transaction",
            f"--dbname={server.url}",
            str(backup),
        ]
    )


def copy_documents(server: Server, copy: Path) -> None:
    """Copy the files of the document store, which is stopped for that and started again."""
    server.stop()
    copy.mkdir()
    for held in _files(server.directory):
        shutil.copytree(held, copy / held.name) if held.is_dir() else shutil.copy2(held, copy)
    server.ensure_running()


def put_documents_back(server: Server, copy: Path) -> None:
    """Start the document store with the copied files."""
    server.stop()
    for held in _files(server.directory):
        shutil.rmtree(held) if held.is_dir() else held.unlink()
    for held in copy.iterdir():
        shutil.copytree(held, server.directory / held.name) if held.is_dir() else shutil.copy2(held, server.directory)
    server.ensure_running()


def operator(environment: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command of one of the services to its end."""
    script, *more = words
    executable = str(Path(sys.executable).parent / script)
    return subprocess.run(
        [executable, *more], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


def _files(directory: Path) -> list[Path]:
    """What of the store's directory is data: of `mongod`, or of the embedded one."""
    return [held for held in directory.iterdir() if held.name == "mongod" or held.name.startswith("documents.mv")]


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
