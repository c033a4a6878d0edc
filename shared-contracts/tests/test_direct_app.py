"""An application that calls its endpoints itself, as its callers see it."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import Response

from shared_contracts.transport.direct_app import DirectApp
from shared_contracts.transport.problem_handlers import install
from shared_contracts.transport.problems import Problem, ProblemError

FAULT = ZeroDivisionError()


async def greet(request: Request) -> Response:
    match request.path_params["name"]:
        case "nobody":
            raise ProblemError(Problem(404, "nobody", "Nobody is there"))
        case "fault":
            raise FAULT
        case name:
            return Response(f"{name}, {request.query_params['words']}, {(await request.body()).decode()}")


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    app = DirectApp()
    install(app)
    app.add_direct_route("/greet/{name}", greet, "GET")
    app.add_direct_route("/greet/{name}", greet, "POST")
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://app") as client:
        yield client


async def test_an_endpoint_is_given_the_request_with_its_path_its_query_and_its_body(
    client: httpx2.AsyncClient,
) -> None:
    answer = await client.post("/greet/Zo%C3%AB?words=good%20day", content=b"three")
    assert (answer.status_code, answer.text) == (200, "Zoë, good day, three")


async def test_what_an_endpoint_raises_is_answered_by_its_handler(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/greet/nobody")
    assert (answer.status_code, answer.json()["code"]) == (404, "nobody")


async def test_a_fault_is_told_to_the_caller_and_the_next_is_answered(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/greet/fault")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert (await client.get("/greet/a?words=b")).status_code == 200
    assert FAULT.__traceback__ is None, "what was answered keeps nothing in memory"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/greet/", 404, "not_found"),
        ("GET", "/greet/a/b", 404, "not_found"),
        ("DELETE", "/greet/a", 405, "method_not_allowed"),
    ],
)
async def test_what_is_no_direct_route_is_answered_as_everywhere(
    client: httpx2.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    answer = await client.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(("path", "status"), [("/greet/a?words=b", 200), ("/greet/nobody", 404)])
async def test_what_may_be_read_may_be_asked_for_without_its_body(
    client: httpx2.AsyncClient, path: str, status: int
) -> None:
    assert (await client.head(path)).status_code == status


async def test_all_routes_are_described(client: httpx2.AsyncClient) -> None:
    described = (await client.get("/openapi.json")).json()
    assert set(described["paths"]["/greet/{name}"]) == {"get", "post"}
