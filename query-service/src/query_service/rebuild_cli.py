"""Makes documents anew without anybody noticing. The composition root of ``query-service rebuild``."""

import asyncio
import signal
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from typing import Annotated, Any, Final

import orjson
import typer
import uvloop
from prometheus_client import CollectorRegistry

from query_service.comparing import Comparison
from query_service.copying import CannotFollowError, Copying
from query_service.documents import DocumentRefusedError, Documents, DocumentsUnavailableError, documents_of
from query_service.feed import Feed
from query_service.keeping import Keeping
from query_service.metrics import ProjectorMetrics
from query_service.parking import Parking
from query_service.rebuild_progress import Progress
from query_service.rebuilding import Rebuilding, RestlessError
from query_service.rounds import Pace, StoppedError
from query_service.routes import KINDS, Route
from query_service.routing import RouteRefusedError, Routing
from query_service.settings import MAX_REBUILD_REST_SECONDS, PROJECTOR_SECONDS, REBUILD_SHARE, Settings
from shared_contracts.transport.crashing import arm
from shared_contracts.transport.environment import settings_from_environment
from shared_contracts.transport.logs import configure

NOT_SWITCHED: Final = 1
STOPPED: Final = 75
"""What ``sysexits.h`` calls EX_TEMPFAIL: the same command goes on."""
Document = Annotated[str | None, typer.Argument(help=f"One of {', '.join(KINDS)}; all of them where none is named.")]
Accept = Annotated[
    bool, typer.Option("--accept-differences", help="Switch although what is made differs from what is served.")
]
RollBack = Annotated[bool, typer.Option("--roll-back", help="Serve again what was served before the last switch.")]
DiscardOld = Annotated[bool, typer.Option("--discard-old", help="Drop what was served before the last switch.")]
Abandon = Annotated[bool, typer.Option("--abandon", help="Give up a rebuild that has not switched yet.")]
Share = Annotated[float, typer.Option(help="The part of the time that it works; it rests in between.", min=0.05, max=1)]


def rebuild(
    document: Document = None,
    *,
    accept_differences: Accept = False,
    roll_back: RollBack = False,
    discard_old: DiscardOld = False,
    abandon: Abandon = False,
    share: Share = REBUILD_SHARE,
) -> None:
    """Make documents anew from all events and serve them, while queries and projection go on.

    Prints a JSON line for each difference and each document. Exit 0: done; 1: nothing was switched, the last line says
    why; 75: stopped, the same command goes on from there.
    """
    if document is not None and document not in KINDS:
        raise typer.BadParameter(f"{document} is none of {', '.join(KINDS)}")
    if roll_back + discard_old + abandon > 1:
        raise typer.BadParameter("--roll-back, --discard-old and --abandon exclude each other")
    settings = settings_from_environment(Settings)
    configure("rebuild", settings.log_level)
    arm()
    kinds = KINDS if document is None else (document,)
    raise typer.Exit(uvloop.run(_run(settings, kinds, (accept_differences, roll_back, discard_old, abandon), share)))


async def _run(settings: Settings, kinds: Sequence[str], options: tuple[bool, ...], share: float) -> int:
    accept, roll_back, discard_old, abandon = options
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    token = settings.command_api_token.get_secret_value() if settings.command_api_token else None
    with closing(documents_of(settings, PROJECTOR_SECONDS)) as documents:
        routing = Routing(documents)
        try:
            if discard_old or abandon:
                for kind in kinds:
                    _tell(await (routing.discard_old(kind) if discard_old else routing.abandon(kind)))
                return 0
            async with Feed(settings.command_api_url, token) as feed:
                pace = Pace(stop, rests=(1 - share) / share, longest=MAX_REBUILD_REST_SECONDS)
                return await _rebuild(documents, feed, pace, kinds, roll_back=roll_back, accept=accept or roll_back)
        except StoppedError:
            typer.echo("Stopped; the same command goes on from here.", err=True)
            return STOPPED
        except (
            CannotFollowError,
            RestlessError,
            RouteRefusedError,
            DocumentRefusedError,
            DocumentsUnavailableError,
        ) as e:
            typer.echo(f"Nothing was switched: {e or e.__doc__}", err=True)
            return NOT_SWITCHED


async def _rebuild(
    documents: Documents, feed: Feed, pace: Pace, kinds: Sequence[str], *, roll_back: bool, accept: bool
) -> int:
    routing, progress, parking = Routing(documents), Progress(), Parking(documents)
    keeping = Keeping(documents, ProjectorMetrics(CollectorRegistry()))
    finishing = {kind: route.current for kind, route in (await routing.routes()).items() if route.finishing}
    begun = [kind for kind in kinds if kind not in finishing]
    announce = routing.announce_previous if roll_back else routing.announce
    routes = [await announce(kind) for kind in begun]
    copying = Copying(documents, keeping, feed, parking, routes, pace, progress.folded)
    rebuilding = Rebuilding(routing, copying, feed, progress)
    for route in (await rebuilding.finish(finishing)).values():
        _tell(route)
    if not routes:
        return 0
    await rebuilding.bring_up_to_date()
    if not roll_back and _tell_differences(await rebuilding.compare()) and not accept:
        typer.echo(
            "They differ, so nothing was switched. Look at the differences; then --accept-differences.", err=True
        )
        return NOT_SWITCHED
    for route in (await rebuilding.switch()).values():
        _tell(route)
    return 0


def _tell_differences(found: Mapping[str, Comparison]) -> int:
    """Print them; how many there are."""
    for kind, comparison in found.items():
        for difference in comparison.differences:
            _print({"document": kind, "id": difference.document_id, "difference": difference.kind})
        told = {name: number for name, number in asdict(comparison).items() if name != "differences"}
        _print({"document": kind, **told})
    return sum(comparison.different for comparison in found.values())


def _tell(route: Route) -> None:
    _print({"document": route.kind, "served": route.current, "old": route.previous, "being_made": route.shadow})


def _print(line: Mapping[str, Any]) -> None:
    typer.echo(orjson.dumps(line))
