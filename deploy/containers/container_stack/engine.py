"""The container engine, asked through its command line; and where it and its images come from without a registry."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[3]
BASE_IMAGES: Final = ("python:3.13-slim-bookworm", "postgres:17", "rabbitmq:4-management", "mongo:8")
ANSWER_SECONDS: Final = 20
COMMAND_SECONDS: Final = 1_800
SHOWN_CHARACTERS: Final = 4_000


class EngineError(Exception):
    """A command of the engine failed, or there is no engine; the text says what it said."""


def ensure_engine(makers: Path | None) -> bool:
    """Have an engine that answers; whether this call started it. ``EngineError`` where none can be had.

    ``makers`` is a directory whose ``up IMAGE...`` makes an engine, Compose and images where no registry is reached.
    """
    answered = answers()
    if makers and not (answered and has_images()):
        run([str(makers / "up"), *BASE_IMAGES], shown=True)
    if not answers():
        raise EngineError("no container engine with Compose answers: `docker info` and `docker compose version` fail")
    return not answered


def answers() -> bool:
    """Whether an engine with Compose can be used now."""
    try:
        return _succeeds("docker", "info") and _succeeds("docker", "compose", "version")
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return False


def has_images() -> bool:
    """Whether every image that ours build on is there already."""
    return _succeeds("docker", "image", "inspect", *BASE_IMAGES)


def has_volumes(project: str) -> bool:
    """Whether the project has data, and with it passwords of its own."""
    return bool(run(["docker", "volume", "ls", "-q", "--filter", f"label=com.docker.compose.project={project}"]))


def stand_ins() -> bool:
    """Whether ``mongo`` is here by its name only, and so knows no logins: the real image tells its version."""
    try:
        images = inspect(["mongo:8"])
    except (EngineError, FileNotFoundError):
        return False
    return not any(variable.startswith("MONGO_VERSION=") for variable in images[0]["Config"]["Env"] or [])


def inspect(names: Sequence[str]) -> list[dict[str, Any]]:
    """What the engine knows about images or containers, in their order."""
    found: list[dict[str, Any]] = json.loads(run(["docker", "inspect", *names]))
    return found


def run(command: Sequence[str], environment: Mapping[str, str] | None = None, *, shown: bool = False) -> str:
    """Run a command in the root of the repository and return what it prints; ``EngineError`` where it fails."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=None if shown else subprocess.PIPE,
        stderr=None if shown else subprocess.STDOUT,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    if done.returncode:
        said = "see above" if shown else (done.stdout or "nothing")[-SHOWN_CHARACTERS:].strip()
        raise EngineError(f"`{' '.join(command)}` ended with {done.returncode}: {said}")
    return done.stdout or ""


def _succeeds(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, timeout=ANSWER_SECONDS, check=False).returncode == 0
