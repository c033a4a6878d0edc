"""What makes Innkeep naive: every batch and every prefetch is one. Durability and rules stay as they are."""

import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Final

LIMITS: Final[Mapping[str, Mapping[str, int]]] = {
    "command-service": {"ACCEPT_BATCH_COMMANDS": 1, "RELAY_BATCH": 1, "WORKER_PREFETCH": 1, "WORKER_BATCH": 1},
    "query-service": {"PROJECTION_PREFETCH": 1, "PROJECTION_BATCH": 1},
}


def apply(module: ModuleType, limits: Mapping[str, int]) -> None:
    """Set the limits before anything else imports them; ``AttributeError`` where the product has no such limit."""
    for name, value in limits.items():
        getattr(module, name)
        setattr(module, name, value)


def scripts(directory: Path) -> dict[str, str]:
    """Executables in the directory that stand in for the two console scripts, by the names of those."""
    found: dict[str, str] = {}
    for name in LIMITS:
        script = directory / f"naive-{name}"
        root = Path(__file__).resolve().parents[2]
        script.write_text(
            f'#!/bin/sh\nPYTHONPATH="{root}" exec "{sys.executable}" -m benchmarks.naive {name} "$@"\n',
            encoding="utf-8",
        )
        script.chmod(0o700)
        found[name] = str(script)
    return found
