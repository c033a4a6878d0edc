"""Builds the embedded document store from `deploy/local/document-store`, once for each state of its sources."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from local_stack.server import StartFailed

_ROOT = Path(__file__).resolve().parents[3]
SOURCES = _ROOT / "deploy" / "local" / "document-store"
BUILT = _ROOT / ".local" / "document-store"
MAIN_CLASS = "innkeep.documentstore.DocumentStore"
_HASH_LENGTH = 16
_SHOWN_CHARACTERS = 2000


def built_class_path() -> str:
    """Return what to give to `java -cp`, built first where it is not. Two builders at once are no trouble."""
    target = BUILT / _fingerprint()
    if not target.exists():
        _build(target)
    return f"{target}/*:{target}"


def _fingerprint() -> str:
    content = hashlib.sha256()
    for source in [SOURCES / "pom.xml", *sorted(SOURCES.glob("*.java"))]:
        content.update(source.name.encode() + b"\0" + source.read_bytes())
    return content.hexdigest()[:_HASH_LENGTH]


def _build(target: Path) -> None:
    for tool, package in (("mvn", "maven"), ("javac", "default-jdk-headless")):
        if shutil.which(tool) is None:
            msg = f"The document store needs mongod, or {tool} to build its stand-in: install Debian's {package}."
            raise StartFailed(msg)
    BUILT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILT) as scratch:
        new = Path(scratch) / "new"
        copy = ["dependency:copy-dependencies", f"-DoutputDirectory={new}"]
        _run(["mvn", "-q", "-B", "-f", str(SOURCES / "pom.xml"), *copy])
        sources = sorted(map(str, SOURCES.glob("*.java")))
        _run(["javac", "-Xlint:all", "-Werror", "-cp", f"{new}/*", "-d", str(new), *sources])
        _put_in_place(new, target)


def _put_in_place(new: Path, target: Path) -> None:
    try:
        new.rename(target)
    except OSError:
        if not target.exists():  # else another builder was first, with the same result
            raise


def _run(command: Sequence[str]) -> None:
    # The caller's environment: Maven may need its settings to reach its repository.
    done = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=False)
    if done.returncode:
        end = (done.stdout + done.stderr)[-_SHOWN_CHARACTERS:]
        msg = f"The document store could not be built; {command[0]} said:\n{end}"
        raise StartFailed(msg)
