import httpx2
from starlette.applications import Starlette

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
        metrics = (await client.get("/metrics")).text
    assert 'innkeep_http_requests_total{method="GET",status="503"} 1.0' in metrics
    assert 'innkeep_http_requests_total{method="OTHER",status="404"} 1.0' in metrics
    assert "process_resident_memory_bytes" in metrics
