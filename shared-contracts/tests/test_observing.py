import asyncio

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared_contracts.transport.observing import Measured, Readiness, new_registry, observation_routes


async def test_a_process_tells_that_it_lives_what_it_misses_and_what_it_counts() -> None:
    found = Readiness()

    async def readiness() -> Readiness:
        return found

    registry = new_registry()
    app = Measured(Starlette(routes=observation_routes(registry, readiness)), registry)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://process") as client:
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get("/health/ready")).json()["status"] == "ready"
        found = Readiness(missing={"postgresql": "does not answer"}, behind={"relay": "standing by"})
        answer = await client.get("/health/ready")
        assert (answer.status_code, answer.json()["missing"]) == (503, {"postgresql": "does not answer"})
        await client.request("BREW", "/pot")
        assert (await client.get("/nothing")).status_code == 404
        metrics = (await client.get("/metrics")).text
    assert 'innkeep_http_requests_total{method="GET",status="404"} 1.0' in metrics
    assert 'innkeep_http_requests_total{method="OTHER",status="404"} 1.0' in metrics
    assert "process_resident_memory_bytes" in metrics


async def test_more_requests_than_can_be_answered_are_turned_away_but_health_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shared_contracts.transport.observing.MAX_REQUESTS", 1)
    going, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_: Request) -> Response:
        going.set()
        await go_on.wait()
        return Response()

    async def readiness() -> Readiness:
        return Readiness()

    registry = new_registry()
    app = Measured(Starlette(routes=[Route("/slow", slow), *observation_routes(registry, readiness)]), registry)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://process") as client:
        first = asyncio.create_task(client.get("/slow"))
        await going.wait()
        refused = await client.get("/slow")
        assert (refused.status_code, refused.json()["code"], refused.headers["retry-after"]) == (503, "too_busy", "1")
        assert (await client.get("/health/ready")).status_code == 200
        go_on.set()
        assert (await first).status_code == 200
