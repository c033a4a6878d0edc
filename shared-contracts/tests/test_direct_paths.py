"""Which endpoint a path names."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from shared_contracts.transport.direct_paths import DirectPaths, Endpoint

ROUTES = [
    ("GET", "/v1/hotels/{hotel}"),
    ("GET", "/v1/hotels/{hotel}/availability"),
    ("GET", "/v1/hotels/{hotel}/availability/stay"),
    ("GET", "/v1/hotels/{hotel}/front-desk/{date}"),
    ("POST", "/v1/hotels/{hotel}/commands"),
    ("POST", "/v1/hotels/{hotel}/commands/book-room"),
    ("POST", "/v1/hotels/{hotel}/commands/check-in"),
]
PARTS = st.sampled_from([*" ".join(path for _, path in ROUTES).replace("/", " ").split(), "", "a", "é", "{}", "book"])


def endpoint() -> Endpoint:
    async def answer(_: Request) -> Response:
        raise AssertionError

    return answer


ENDPOINTS = {route: endpoint() for route in ROUTES}


def paths() -> DirectPaths:
    known = DirectPaths()
    for (method, path), answer in ENDPOINTS.items():
        known.add(method, path, answer)
    return known


def as_a_router_finds(method: str, path: str) -> tuple[Endpoint, dict[str, str]] | None:
    for (of_method, of_path), answer in ENDPOINTS.items():
        scope = {"type": "http", "method": method, "path": path, "path_params": {}}
        match, found = Route(of_path, answer, methods=[of_method]).matches(scope)
        if match is Match.FULL:
            return answer, found["path_params"]
    return None


@example("GET", ["v1", "hotels", "a", "front-desk", "{}"])
@example("GET", ["v1", "hotels", "a", "front-desk", "/"])
@given(st.sampled_from(["GET", "POST"]), st.lists(PARTS, max_size=7))
def test_a_path_names_what_a_router_would_find(method: str, parts: list[str]) -> None:
    path = "/" + "/".join(parts)
    assert paths().find(method, path) == as_a_router_finds(method, path)


@given(st.sampled_from(ROUTES), st.data())
def test_every_endpoint_is_found_with_its_parameters(route: tuple[str, str], data: st.DataObject) -> None:
    parts = [data.draw(PARTS) if part.startswith("{") else part for part in route[1].split("/")]
    assert paths().find(route[0], "/".join(parts)) == as_a_router_finds(route[0], "/".join(parts))


@pytest.mark.parametrize("path", ["", "/", "/v1/hotels", "/v1/hotels/a/", "//v1/hotels/a"])
def test_what_is_no_path_of_ours_is_for_others(path: str) -> None:
    assert paths().find("GET", path) is None
