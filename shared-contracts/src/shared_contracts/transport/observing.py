"""How a process is watched: liveness, readiness that names what is missing, and Prometheus metrics."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from time import perf_counter
from typing import Final

import orjson
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared_contracts.transport.problems import Problem, problem_response


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the process can do its work now: ``missing`` stops it, ``behind`` only slows what is seen."""

    missing: Mapping[str, str] = field(default_factory=dict)
    behind: Mapping[str, str] = field(default_factory=dict)


ReadinessCheck = Callable[[], Awaitable[Readiness]]


MAX_REQUESTS: Final = 2_000
UNBOUNDED: Final = frozenset({"/health/live", "/health/ready", "/metrics"})
TOO_BUSY: Final = Problem(503, "too_busy", "Too many requests are being answered", retry_after=1)
METHODS: Final = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
REQUEST_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


def new_registry() -> CollectorRegistry:
    """A registry that tells memory, processor time and open files of the process."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    return registry


class Measured:
    """An application whose requests are counted, timed, and bounded: above ``MAX_REQUESTS`` at once it is 503.

    Health and metrics are always answered.
    """

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        """Register the metrics; everything passes through to ``app``."""
        self._app = app
        self._running = 0
        self._requests = Counter("innkeep_http_requests_total", "Answers", ["method", "status"], registry=registry)
        self._counted = cache(self._requests.labels)
        self._seconds = Histogram(
            "innkeep_http_request_seconds", "Until the answer ends", buckets=REQUEST_BUCKETS, registry=registry
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's request."""
        if scope["type"] != "http" or scope["path"] in UNBOUNDED:
            await self._app(scope, receive, send)
            return
        app = self._app if self._running < MAX_REQUESTS else problem_response(TOO_BUSY)
        started, status = perf_counter(), 500

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._running += 1
        try:
            await app(scope, receive, counted)
        finally:
            self._running -= 1
            method = scope["method"] if scope["method"] in METHODS else "OTHER"
            self._counted(method, status).inc()
            self._seconds.observe(perf_counter() - started)


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
        if found.missing:
            return Response(orjson.dumps(body), 503, {"Retry-After": "2"}, "application/json")
        return Response(orjson.dumps(body), media_type="application/json")

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return [Route("/health/live", live), Route("/health/ready", ready), Route("/metrics", metrics)]
