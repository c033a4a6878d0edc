"""Where the documents of each kind are kept: the collection that is served, and the one that is being made. Pure.

A kind is named as its projection is; until it is rebuilt for the first time, its collection has that name too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from query_service.checkpoint import Checkpoint
from query_service.projections.catalog import PROJECTIONS
from query_service.projections.projection import Document

ROUTES: Final = "routes"
COPIES: Final = "copies"
"""How far a collection that is made, or was served before, holds a hotel's events at least: ``collection/hotel``."""
KINDS: Final = tuple(projection.collection for projection in PROJECTIONS)


@dataclass(frozen=True, slots=True)
class Route:
    """Where one kind is: ``current`` is served, ``shadow`` is being made, ``previous`` is kept to go back to.

    While ``closely`` holds, readers look here before each answer. ``revision`` counts the changes, ``number`` the
    collections that were ever made: no name comes twice.
    """

    kind: str
    current: str
    shadow: str | None = None
    previous: str | None = None
    number: int = 0
    revision: int = 0
    closely: bool = False

    @property
    def finishing(self) -> bool:
        """Whether it was switched, and what follows a switch is not all done."""
        return self.closely and self.shadow is None

    def announced(self) -> "Route":
        """With a new, empty shadow."""
        return replace(self, shadow=f"{self.kind}.{self.number + 1}", number=self.number + 1)

    def going_back(self) -> "Route":
        """With what was served before as the shadow."""
        return replace(self, shadow=self.previous)

    def switched(self) -> "Route":
        """With the shadow served, and what was served until then kept."""
        return replace(self, current=self.shadow or self.current, shadow=None, previous=self.current)

    def needs(self, collection: str) -> bool:
        """Whether the collection is another kind's, or one that is named here."""
        ours = collection == self.kind or collection.startswith(f"{self.kind}.")
        return not ours or collection in {self.current, self.shadow, self.previous}


@dataclass(frozen=True, slots=True)
class Copies:
    """Where a hotel's next events are to be written, by kind: to what is served, and to what is being made.

    ``unheld`` names the kinds whose served collection does not hold what the hotel's checkpoint says.
    """

    fence: int
    current: Mapping[str, str]
    shadows: Mapping[str, str]
    unheld: tuple[str, ...] = ()

    def without_shadows(self) -> "Copies":
        """For a hotel whose next event cannot be applied to a shadow."""
        return replace(self, shadows={})

    def collections(self) -> dict[str, list[str]]:
        """The collections that hold the events afterwards, for the kinds where it is not one of the kind's name."""
        held = {
            kind: [current, self.shadows[kind]] if kind in self.shadows else [current]
            for kind, current in self.current.items()
        }
        return {kind: names for kind, names in held.items() if names != [kind]}


def copies_of(checkpoint: Checkpoint, routes: Mapping[str, Route]) -> Copies:
    """Where the hotel's next events go. What nobody has begun to project begins in all collections at once."""
    begins = checkpoint.position == 0
    return Copies(
        fence=checkpoint.fence,
        current={kind: route.current for kind, route in routes.items()},
        shadows={
            kind: route.shadow
            for kind, route in routes.items()
            if route.shadow is not None and (begins or route.shadow in checkpoint.collections_of(kind))
        },
        unheld=tuple(
            kind
            for kind, route in routes.items()
            if not begins and route.current not in checkpoint.collections_of(kind)
        ),
    )


def routes_in(records: Mapping[str, Any]) -> dict[str, Route]:
    """Every kind's route, from those that are stored."""
    return {kind: route_in(kind, records.get(kind)) for kind in KINDS}


def route_in(kind: str, record: Mapping[str, Any] | None) -> Route:
    """The route that a record holds, or that of a kind that was never rebuilt."""
    if record is None:
        return Route(kind, kind)
    return Route(
        kind=kind,
        current=record["current"],
        shadow=record["shadow"],
        previous=record["previous"],
        number=record["number"],
        revision=record["revision"],
        closely=record["closely"],
    )


def record_of_route(route: Route) -> Document:
    """The record of a route."""
    return {
        "_id": route.kind,
        "current": route.current,
        "shadow": route.shadow,
        "previous": route.previous,
        "number": route.number,
        "revision": route.revision,
        "closely": route.closely,
    }
