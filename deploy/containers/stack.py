"""Innkeep in containers on this machine: ``stack.py up``, ``stack.py down`` (data stays), ``stack.py dotenv``."""

import os
import sys
from pathlib import Path
from typing import Final

from container_stack.compose import Project
from container_stack.dotenv import development, write_once
from container_stack.engine import ROOT, EngineError, ensure_engine, has_volumes, stand_ins

NAME: Final = "innkeep"
DOTENV: Final = ROOT / ".env"


def up() -> None:
    """Start everything, return when it is healthy, and print where it is and a first booking to try."""
    makers = os.environ.get("INNKEEP_CONTAINERS")
    ensure_engine(Path(makers).resolve() if makers else None)
    if not DOTENV.exists() and has_volumes(NAME):
        raise EngineError(f"there is data of {NAME}, but no {DOTENV}, which holds its passwords: restore it")
    dotenv()
    project = _project()
    project.up()
    command_api, query_api = project.url("command-api"), project.url("query-api")
    print(f"\nInnkeep is up.\n  commands  {command_api}\n  queries   {query_api}\n\nA first booking:\n")
    print(_first_booking(command_api, query_api))


def down() -> None:
    """Stop and remove the containers; the data stays."""
    if not DOTENV.exists():
        raise EngineError(f"there is no {DOTENV}: nothing was started from here")
    _project().compose("down", shown=True)


def dotenv() -> None:
    """Write the settings of a development machine, once."""
    if write_once(DOTENV, development(stand_ins=stand_ins())):
        print(f"{DOTENV} holds passwords made for this machine.")


def _first_booking(command_api: str, query_api: str) -> str:
    """The same as without containers, so its text is there."""
    sys.path.append(str(ROOT / "deploy" / "local"))
    from first_booking import first_booking  # noqa: PLC0415

    return first_booking(command_api, query_api)


def _project() -> Project:
    return Project(NAME, DOTENV, os.environ)


if __name__ == "__main__":
    tasks = {"up": up, "down": down, "dotenv": dotenv}
    if sys.argv[1:2] == [] or sys.argv[1] not in tasks:
        sys.exit(__doc__)
    try:
        tasks[sys.argv[1]]()
    except EngineError as error:
        sys.exit(f"stack.py: {error}")
