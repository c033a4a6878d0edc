"""Old versions of events, raised to the current one when they are read. Pure; stored events are never rewritten."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from shared_contracts.catalog import EVENTS

Body = dict[str, Any]

UPCASTS: Final[Mapping[tuple[str, int], Callable[[Body], Body]]] = {}
"""``(type, version) -> body of that version -> body of the next``; empty while every event is at version 1."""


def upcast(event_type: str, version: int, body: Body) -> Body:
    """The body in the current version; ``KeyError`` for a type or version that this code does not know."""
    current = EVENTS[event_type].version
    if version > current:
        raise KeyError(f"{event_type} version {version}")
    for old in range(version, current):
        body = UPCASTS[event_type, old](body)
    return body
