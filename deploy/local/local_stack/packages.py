"""The Debian packages that the stack needs: which are missing, and how root installs them.

Installing starts no service and makes no database cluster, and what this machine runs already is left alone.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_POSTGRES = Path("/usr/lib/postgresql")
_RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
_POLICY = Path("/usr/sbin/policy-rc.d")
_CLUSTER_SETTINGS = Path("/etc/postgresql-common/createcluster.d/innkeep-makes-no-cluster.conf")
_NO_SERVICES = "#!/bin/sh\n# Start nothing while Innkeep installs packages.\nexit 101\n"
_TAIL_CHARACTERS = 2000


class PackagesMissing(Exception):  # noqa: N818 - reads as what happened
    """Packages are missing and could not be installed; the message says which."""


def missing() -> list[str]:
    """List the Debian packages that the stack needs and this machine lacks."""
    need = {
        "postgresql": not (any(_POSTGRES.glob("*/bin/initdb")) or shutil.which("initdb")),
        "postgresql-contrib": not _has_btree_gist(),
        "rabbitmq-server": not _RABBITMQ.exists(),
        "default-jdk-headless": not _has_mongod() and shutil.which("javac") is None,
        "maven": not _has_mongod() and shutil.which("mvn") is None,
    }
    return [package for package, lacking in need.items() if lacking]


def ensure_installed() -> list[str]:
    """Install what is missing, as root; return what was installed. May raise PackagesMissing."""
    packages = missing()
    if packages:
        install(packages)
    return packages


def install(packages: Sequence[str]) -> None:
    """Install these, as root. May raise PackagesMissing."""
    names = " ".join(packages)
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        msg = f"Missing: {names}. Install them (Debian: sudo apt-get install {names}) and run this again."
        raise PackagesMissing(msg)
    with _no_services():
        _apt_get("update", "-qq")
        _apt_get("install", "-y", "-qq", "--no-install-recommends", *packages)


def _has_btree_gist() -> bool:
    controls = "*/extension/btree_gist.control"
    return any(Path("/usr/share/postgresql").glob(controls)) or not _POSTGRES.exists()


def _has_mongod() -> bool:
    return shutil.which("mongod") is not None


@contextmanager
def _no_services() -> Iterator[None]:
    """Keep the packages from starting services and making clusters, unless the machine says itself how that is done."""
    made = [
        _write_new(_POLICY, _NO_SERVICES, 0o755),
        _write_new(_CLUSTER_SETTINGS, "create_main_cluster = false\n", 0o644),
    ]
    try:
        yield
    finally:
        for path in made:
            if path is not None:
                path.unlink()


def _write_new(path: Path, text: str, mode: int) -> Path | None:
    if path.exists():
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def _apt_get(*arguments: str) -> None:
    done = subprocess.run(
        ["apt-get", *arguments],
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        end = (done.stdout + done.stderr)[-_TAIL_CHARACTERS:]
        msg = f"apt-get {' '.join(arguments)} failed:\n{end}"
        raise PackagesMissing(msg)
