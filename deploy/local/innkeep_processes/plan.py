"""Which processes Innkeep is made of, in the order in which they start."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

COMMAND_API, QUERY_API = "command-api", "query-api"
PREFERRED_PORTS: Mapping[str, int] = {COMMAND_API: 8410, QUERY_API: 8420}
MIGRATIONS = ("command-service", "query-service")
MAX_COPIES = 16


@dataclass(frozen=True, slots=True)
class Planned:
    """One process: its name in the stack, and the console script and command that it runs."""

    name: str
    script: str
    command: str


def plan() -> list[Planned]:
    """List the processes; WORKERS and PROJECTORS in the environment say how many of those."""
    return [
        Planned(COMMAND_API, "command-service", "api"),
        Planned("relay", "command-service", "relay"),
        *_copies("worker", "command-service"),
        Planned(QUERY_API, "query-service", "api"),
        *_copies("projector", "query-service"),
    ]


def in_order_of_ending(names: list[str]) -> list[str]:
    """Sort: first what takes requests in, then what works them off."""
    return sorted(names, key=lambda name: (name not in PREFERRED_PORTS, name))


def _copies(command: str, script: str) -> list[Planned]:
    variable = f"{command.upper()}S"
    wanted = os.environ.get(variable, "1")
    if not wanted.isdecimal() or not 1 <= int(wanted) <= MAX_COPIES:
        msg = f"{variable} is {wanted!r}, and must be a number from 1 to {MAX_COPIES}."
        raise ValueError(msg)
    names = [command, *(f"{command}-{number}" for number in range(2, int(wanted) + 1))]
    return [Planned(name, script, command) for name in names]
