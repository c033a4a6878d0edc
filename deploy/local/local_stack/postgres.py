"""One private PostgreSQL: a cluster, a password and a log of its own under one directory.

Durability is PostgreSQL's own: fsync and synchronous_commit stay on.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from local_stack.private_file import password_in
from local_stack.process import Process
from local_stack.server import LOG, Server, StartFailed, choose_port, environment_for, failure, launch
from local_stack.waiting import until

NAME = "PostgreSQL"
_SETTINGS = """\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
max_connections = 100
fsync = on
synchronous_commit = on
full_page_writes = on
shared_buffers = '256MB'
effective_cache_size = '2GB'
work_mem = '8MB'
maintenance_work_mem = '64MB'
max_wal_size = '2GB'
checkpoint_timeout = '15min'
random_page_cost = 1.1
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] '
"""
_ACCESS = "host all all 127.0.0.1/32 scram-sha-256\n"
_FIRST_STATEMENTS = """\
ALTER ROLE postgres PASSWORD '{superuser_password}';
CREATE ROLE innkeep LOGIN PASSWORD '{password}';
CREATE DATABASE innkeep OWNER innkeep;
"""
_ORPHAN_SECONDS = 10.0


def start(directory: Path, port: int | None = None) -> Server:
    """Start a server, or return the one that runs there; data that is there is kept. May raise StartFailed."""
    server = at(directory, port)
    server.ensure_running()
    return server


def at(directory: Path, port: int | None = None) -> Server:
    """Return the server of that directory, running or not."""
    directory = directory.resolve()
    chosen = choose_port(directory, port)
    return Server(
        name=NAME,
        directory=directory,
        port=chosen,
        url=_url(directory, chosen, "innkeep"),
        graceful=signal.SIGINT,
        launch=partial(_launch, directory, chosen),
    )


def superuser_url(server: Server) -> str:
    """Address the same database as its superuser, which Innkeep itself never is."""
    return _url(server.directory, server.port, "postgres")


def _url(directory: Path, port: int, user: str) -> str:
    return f"postgresql://{user}:{password_in(directory / f'{user}.password')}@127.0.0.1:{port}/innkeep"


def _launch(directory: Path, port: int) -> None:
    data = directory / "data"
    if not data.exists():
        _make_cluster(directory, data)
    until(lambda: not _orphans(data), _ORPHAN_SECONDS)
    (data / "postgresql.conf").write_text(_SETTINGS.format(port=port))
    (data / "pg_hba.conf").write_text(_ACCESS)
    command = [*_as_postgres(directory), str(_binary("postgres")), "-D", str(data)]
    launch(NAME, command, directory, environment_for(directory), partial(_ready, data))


def _ready(data: Path, process: Process) -> bool:
    """Read the status line of the server's own lock file, as pg_ctl does."""
    lock = data / "postmaster.pid"
    lines = lock.read_text().splitlines() if lock.exists() else []
    return len(lines) > 7 and int(lines[0]) == process.pid and lines[7].strip() == "ready"  # noqa: PLR2004


def _make_cluster(directory: Path, data: Path) -> None:
    """Make the cluster, its roles and its database beside its final place, so that half a cluster is never used."""
    new = directory / "data.new"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    if os.geteuid() == 0:
        shutil.chown(new, "postgres", "postgres")
    settings = ["-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--auth=reject"]
    _run(directory, [str(_binary("initdb")), "-D", str(new), *settings], "")
    statements = _FIRST_STATEMENTS.format(
        superuser_password=password_in(directory / "postgres.password"),
        password=password_in(directory / "innkeep.password"),
    )
    _run(directory, [str(_binary("postgres")), "--single", "-D", str(new), "postgres"], statements)
    new.rename(data)


def _run(directory: Path, command: Sequence[str], text: str) -> None:
    log = directory / LOG
    with log.open("a") as output:
        done = subprocess.run(
            [*_as_postgres(directory), *command],
            input=text,
            text=True,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=directory,
            env=environment_for(directory),
            check=False,
        )
    if done.returncode:
        raise StartFailed(failure(NAME, f"could not make its cluster (exit {done.returncode})", log))


def _binary(name: str) -> Path:
    """Find the newest installed PostgreSQL that is whole, else the one of PATH."""
    versions = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()]
    if versions:
        return max(versions, key=lambda path: int(path.parent.name)) / name
    initdb = shutil.which("initdb")
    if initdb is None:
        msg = "PostgreSQL's server is not installed: install Debian's postgresql and postgresql-contrib."
        raise StartFailed(msg)
    return Path(initdb).resolve().with_name(name)


def _as_postgres(directory: Path) -> list[str]:
    """PostgreSQL refuses to run as root: prefix what makes it the postgres user there.

    That user may have to pass folders that only root may enter (a checkout below /root, say): then, and only then, it
    keeps root's right to read and pass folders.
    """
    if os.geteuid() != 0:
        return []
    become = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
    passable = all(folder.stat().st_mode & 0o001 for folder in (directory, *directory.parents))
    return become if passable else [*become, "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]


def _orphans(data: Path) -> bool:
    """Tell whether backends of a killed server still run, which would keep a new one from starting."""
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdecimal() and (entry / "cwd").readlink() == data:
                return True
        except OSError:  # another user's process, or one that has just ended
            continue
    return False
