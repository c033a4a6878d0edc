"""The code of an older release, taken from git, so that its processes can be run beside those of today."""

import os
import subprocess
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = ("shared-contracts", "command-service", "query-service")
VARIABLE: Final = "INNKEEP_OLDER_COMMIT"
BEFORE_ANY_TAG: Final = "b1790c5"
"""What stands for the older release while none is tagged: the last commit that wrote the messages of 0.1.0 alone."""


def older_commit() -> str | None:
    """What ``INNKEEP_OLDER_COMMIT`` names, else the newest release before this code; nothing without git's history."""
    named = os.environ.get(VARIABLE) or _git("describe", "--tags", "--abbrev=0", "--match=v*", "HEAD^")
    return _git("rev-parse", "--verify", "--quiet", f"{named or BEFORE_ANY_TAG}^{{commit}}") or None


def take(commit: str, directory: Path) -> dict[str, str]:
    """Put the services of the commit there; what makes a process run that code instead of the installed one."""
    sources = [f"{package}/src" for package in PACKAGES]
    archive = subprocess.run(["git", "-C", str(ROOT), "archive", commit, *sources], capture_output=True, check=True)
    directory.mkdir(parents=True)
    subprocess.run(["tar", "-x", "-C", str(directory)], input=archive.stdout, check=True)
    return {"PYTHONPATH": os.pathsep.join(str(directory / source) for source in sources)}


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
