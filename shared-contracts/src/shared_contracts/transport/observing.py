"""How a process is watched: liveness, readiness that names what is missing, and Prometheus metrics."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the process can do its work now: ``missing`` stops it, ``behind`` only slows what is seen."""

    missing: Mapping[str, str] = field(default_factory=dict)
    behind: Mapping[str, str] = field(default_factory=dict)


ReadinessCheck = Callable[[], Awaitable[Readiness]]


def observation_routes(registry: CollectorRegistry, readiness: ReadinessCheck) -> list[Route]:
    """``/health/live``, ``/health/ready`` (503 while something is missing) and ``/metrics``."""

    async def live(_: Request) -> Response:
        return Response(b'{"status":"live"}', media_type="application/json")

    async def ready(_: Request) -> Response:
        found = await readiness()
        body = {
            "status": "not_ready" if found.missing else "ready",
            "missing": dict(found.missing),
            "behind": dict(found.behind),
        }
        return Response(orjson.dumps(body), 503 if found.missing else 200, media_type="application/json")

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return [Route("/health/live", live), Route("/health/ready", ready), Route("/metrics", metrics)]
