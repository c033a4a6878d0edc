"""Changes where documents are served from, one kind at a time, each change in one write that sees the one before it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import structlog

from query_service.documents import Documents
from query_service.routes import COPIES, KINDS, ROUTES, Route, record_of_route, route_in, routes_in

log = structlog.get_logger()


class RouteRefusedError(Exception):
    """The route is not one that can be changed so; the message tells what to do."""


@dataclass(frozen=True, slots=True)
class Routing:
    """Every change is idempotent; all may raise ``DocumentsUnavailableError``, and be asked for again then."""

    documents: Documents

    async def routes(self) -> Mapping[str, Route]:
        """Every kind's route as it is now."""
        return routes_in(await self.documents.find(ROUTES, KINDS))

    async def announce(self, kind: str) -> Route:
        """Have a new collection made for the kind, or go on with the one that is being made."""
        route = (await self.routes())[kind]
        if route.shadow is not None and route.shadow == route.previous:
            raise RouteRefusedError(f"{kind} is being rolled back: end that with --roll-back, or --abandon it first")
        if route.shadow is not None and await self.documents.missing([route.shadow]):
            route = await self.abandon(kind)
        if route.shadow is None:
            route = await self._change(kind, Route.announced)
        await self.documents.create([route.shadow or kind])
        return route

    async def announce_previous(self, kind: str) -> Route:
        """Have what was served before brought up to date."""
        route = (await self.routes())[kind]
        if route.previous is None or await self.documents.missing([route.previous]):
            raise RouteRefusedError(f"{kind} has no old collection to go back to")
        if route.shadow not in {None, route.previous}:
            raise RouteRefusedError(f"{kind} is being rebuilt: --abandon that first")
        return await self._change(kind, Route.going_back)

    async def look_closely(self, kind: str, *, closely: bool) -> Route:
        """Have readers look at the route before each answer, or not any more."""
        return await self._change(kind, lambda route: replace(route, closely=closely))

    async def switch(self, kind: str, shadow: str) -> Route:
        """Serve the shadow from now on, with this one write; nothing changes where it is served already."""
        route = await self._change(kind, lambda route: route.switched() if route.shadow == shadow else route)
        if route.current != shadow:
            raise RouteRefusedError(f"somebody else has changed the route of {kind} to {route.current}: begin again")
        log.warning("documents_switched", document=kind, collection=route.current, previous=route.previous)
        return route

    async def abandon(self, kind: str) -> Route:
        """Give up what is being made. Projectors stop writing to it; what was served before is kept."""
        route = await self._change(kind, lambda route: replace(route, shadow=None, closely=False))
        await self.sweep(route)
        return route

    async def discard_old(self, kind: str) -> Route:
        """Drop what was served before."""
        if (await self.routes())[kind].shadow is not None:
            raise RouteRefusedError(f"{kind} is being rebuilt: end that first, or --abandon it")
        route = await self._change(kind, lambda route: replace(route, previous=None))
        await self.sweep(route)
        return route

    async def sweep(self, route: Route) -> None:
        """Drop the collections of the kind that the route does not name."""
        for name in await self.documents.names():
            if not route.needs(name):
                await self.documents.drop(name)
                await self.documents.remove_range(COPIES, f"{name}/", f"{name}0")
                log.info("collection_dropped", document=route.kind, collection=name)

    async def _change(self, kind: str, change: Callable[[Route], Route]) -> Route:
        while True:
            record = (await self.documents.find(ROUTES, [kind])).get(kind)
            before = route_in(kind, record)
            after = change(before)
            if after == before:
                return before
            after = replace(after, revision=before.revision + 1)
            if await self.documents.exchange(ROUTES, record, record_of_route(after), "revision"):
                return after
