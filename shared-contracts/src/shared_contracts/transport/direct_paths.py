"""Which endpoint a path names: a few look-ups, however many there are. A router tries one pattern after the other."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

Endpoint = Callable[[Request], Awaitable[Response]]
Places = tuple[int, ...]
"""Which parts of a path are parameters."""
PARAMETER: Final = "/"
"""Stands for one, and is no part of any path."""


@dataclass(frozen=True, slots=True)
class Direct:
    """An endpoint, and the names of the parameters in its path."""

    endpoint: Endpoint
    names: tuple[str, ...]


@dataclass(slots=True)
class DirectPaths:
    """Endpoints by method and path. A part that is named goes before one that is a parameter."""

    _places: dict[int, list[Places]] = field(default_factory=dict[int, list[Places]])
    _known: dict[tuple[str, ...], Direct] = field(default_factory=dict[tuple[str, ...], Direct])

    def add(self, method: str, path: str, endpoint: Endpoint) -> None:
        """Know the endpoint of a path such as ``/v1/hotels/{hotel_id}``, where each parameter is a whole part."""
        parts = path.split("/")
        places = tuple(place for place, part in enumerate(parts) if part.startswith("{"))
        self._known[_named(method, parts, places)] = Direct(endpoint, tuple(parts[place][1:-1] for place in places))
        others = self._places.setdefault(len(parts), [])
        if places not in others:
            others.append(places)
            others.sort(key=len)

    def find(self, method: str, path: str) -> tuple[Endpoint, dict[str, str]] | None:
        """The endpoint with its parameters, none of them empty; or nothing, which is for others to answer."""
        parts = path.split("/")
        for places in self._places.get(len(parts), ()):
            direct = self._known.get(_named(method, parts, places))
            if direct is not None:
                given = [parts[place] for place in places]
                return (direct.endpoint, dict(zip(direct.names, given, strict=True))) if all(given) else None
        return None


def _named(method: str, parts: list[str], places: Places) -> tuple[str, ...]:
    """What no parameter is: the method in the place of the empty part before a path's first slash."""
    named = [method, *parts[1:]]
    for place in places:
        named[place] = PARAMETER
    return tuple(named)
