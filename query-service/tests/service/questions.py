"""Every question by its path, and the problem that an answer is."""

from typing import Any

import httpx2

UNKNOWN = "5b9d0d6f-6d3a-4c1c-8f4e-2f0f3f1b2a11"
EVERY_QUERY = [
    "",
    "/availability?from=2016-07-30&to=2016-08-03",
    "/availability/stay?arrival=2016-07-30&departure=2016-08-03",
    "/front-desk/2016-07-30",
    "/front-desk/2016-07-30/arrivals",
    "/room-rack",
    "/statistics/2016-07",
]


def problem(response: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """Assert that the answer is this problem document; its members."""
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert (response.status_code, body["code"]) == (status, code)
    return body
