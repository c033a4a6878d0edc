"""What is no answer over HTTP: a problem that says why."""

from contextlib import closing

import httpx2
import pytest
from questions import EVERY_QUERY, UNKNOWN, problem
from serving import query_api

from query_service.documents import Documents
from shared_contracts.transport.access import Access

NOWHERE = "mongodb://127.0.0.1:1"


@pytest.mark.parametrize("query", [*EVERY_QUERY, f"/reservations/{UNKNOWN}"])
async def test_an_unknown_hotel_is_not_found(api: httpx2.AsyncClient, query: str) -> None:
    problem(await api.get(f"/v1/hotels/nowhere{query}"), 404, "unknown_hotel")


async def test_an_unknown_reservation_is_not_found(api: httpx2.AsyncClient, staying: object) -> None:
    problem(await api.get(f"/v1/hotels/seaside/reservations/{UNKNOWN}"), 404, "unknown_reservation")


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("Nowhere!", "/hotel_id"),
        ("seaside?colour=blue", "/colour"),
        ("seaside?hotel_id=hillside", "/hotel_id"),
        ("seaside?min_position=-1", "/min_position"),
        ("seaside?min_position=soon", "/min_position"),
        ("seaside?min_position=9999999999999999999999", "/min_position"),
        ("seaside/reservations/42", "/reservation_id"),
        ("seaside/availability", "/from"),
        ("seaside/availability?from=2016-07-30", "/to"),
        ("seaside/availability?from=2016-07-30&to=2016-07-30", "/to"),
        ("seaside/availability?from=2016-07-30&to=2016-07-29", "/to"),
        ("seaside/availability?from=2016-07-30&to=2016-10-31", "/to"),
        ("seaside/availability?from=2016-02-30&to=2016-03-01", "/from"),
        ("seaside/availability?from=1469836800&to=2016-03-01", "/from"),
        ("seaside/availability/stay?arrival=2016-07-30&departure=2017-08-01", "/departure"),
        ("seaside/availability/stay?arrival=2016-07-30&departure=2016-08-01&guests=0", "/guests"),
        ("seaside/front-desk/today", "/date"),
        ("seaside/front-desk/2016-07-30?limit=0", "/limit"),
        ("seaside/front-desk/2016-07-30?limit=501", "/limit"),
        ("seaside/front-desk/2016-07-30?after=x", "/after"),
        ("seaside/front-desk/2016-07-30/nobody", "/which"),
        ("seaside/front-desk/2016-07-30/arrivals?after=%21", "/after"),
        ("seaside/room-rack?limit=1e9", "/limit"),
        ("seaside/statistics/2016-13", "/month"),
        ("seaside/statistics/0000-01", "/month"),
    ],
)
async def test_a_question_that_is_not_valid_is_told_where(api: httpx2.AsyncClient, query: str, pointer: str) -> None:
    body = problem(await api.get(f"/v1/hotels/{query}"), 422, "invalid_request")
    assert pointer in [error["pointer"] for error in body["errors"]]


@pytest.mark.parametrize("date", ["0001-01-01", "9999-12-31"])
async def test_the_first_and_the_last_date_there_is_are_dates(
    api: httpx2.AsyncClient, staying: object, date: str
) -> None:
    assert (await api.get(f"/v1/hotels/seaside/front-desk/{date}")).status_code == 200
    assert (await api.get(f"/v1/hotels/seaside/statistics/{date[:7]}")).status_code == 200


async def test_an_unknown_address_and_a_wrong_method_are_problems_too(api: httpx2.AsyncClient) -> None:
    problem(await api.get("/v1/motels"), 404, "not_found")
    problem(await api.get("/v1/hotels/seaside/"), 404, "not_found")
    response = await api.post("/v1/hotels/seaside")
    problem(response, 405, "method_not_allowed")
    assert response.headers["allow"] == "GET"


@pytest.mark.parametrize("query", [*EVERY_QUERY, "?min_position=1"])
async def test_a_store_that_is_down_is_unavailable_for_now(query: str) -> None:
    with closing(Documents(NOWHERE, "nothing", 0.3)) as documents:
        async with query_api(documents, Access(None)) as api:
            response = await api.get(f"/v1/hotels/seaside{query}")
            problem(response, 503, "documents_unavailable")
            assert response.headers["retry-after"] == "2"
            ready = await api.get("/health/ready")
            assert (ready.status_code, list(ready.json()["missing"])) == (503, ["mongodb"])
            assert (await api.get("/health/live")).status_code == 200


async def test_a_migrated_store_makes_the_api_ready(api: httpx2.AsyncClient) -> None:
    assert (await api.get("/health/ready")).json() == {"status": "ready", "missing": {}, "behind": {}}


async def test_who_is_not_known_learns_nothing(documents: Documents, staying: object) -> None:
    async with query_api(documents, Access({})) as api:
        for query in EVERY_QUERY:
            problem(await api.get(f"/v1/hotels/seaside{query}"), 401, "not_authenticated")
