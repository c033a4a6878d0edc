"""Every query over HTTP, from real documents."""

import asyncio
import re

import httpx2
import pytest
from histories import Booked, History, guest_of
from questions import EVERY_QUERY, problem
from serving import query_api
from stand_ins import Projector

from query_service.diverging import Divergence
from query_service.documents import Documents
from query_service.reconciling import Reconciling
from shared_contracts.transport.access import Access


async def test_a_hotel(api: httpx2.AsyncClient, staying: object) -> None:
    response = await api.get("/v1/hotels/seaside")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.headers["etag"] == '"1-1"'
    assert response.json() == {
        "hotel_id": "seaside",
        "position": 1,
        "name": "Seaside",
        "time_zone": "Europe/Lisbon",
        "currency": "EUR",
        "business_date": "2016-07-30",
        "room_types": [
            {"code": "DBL", "name": "Double", "max_occupancy": 2, "rooms": 3},
            {"code": "STE", "name": "Suite", "max_occupancy": 4, "rooms": 1},
        ],
    }


async def test_a_reservation(api: httpx2.AsyncClient, staying: tuple[History, Booked]) -> None:
    booked = staying[1]
    response = await api.get(f"/v1/hotels/seaside/reservations/{booked.id}")
    told = response.json()
    assert (response.status_code, told["status"], told["position"]) == (200, "in_house", 4)
    assert told["guest_id"] == str(guest_of(booked.id))
    assert told["rooms"][0]["room"] == "101"
    assert told["actions"] == [{"task": "check-out-guest", "allowed": True, "reasons": []}]
    assert [entry["what"] for entry in told["timeline"]] == ["RoomBooked", "RoomAssigned", "GuestCheckedIn"]


async def test_availability_by_night(api: httpx2.AsyncClient, staying: object) -> None:
    told = (await api.get("/v1/hotels/seaside/availability?from=2016-07-30&to=2016-08-04")).json()
    doubles = told["room_types"][0]
    assert [night["left"] for night in doubles["nights"]] == [2, 2, 2, 2, 3]
    assert doubles["nights"][0] == {
        "date": "2016-07-30",
        "physical": 3,
        "sold": 1,
        "allowance": 0,
        "available": 2,
        "left": 2,
        "peak_sold": 1,
    }


async def test_availability_for_a_stay(api: httpx2.AsyncClient, staying: object) -> None:
    query = "arrival=2016-07-31&departure=2016-08-02&guests=3"
    told = (await api.get(f"/v1/hotels/seaside/availability/stay?{query}")).json()
    assert (told["guests"], [room_type["code"] for room_type in told["room_types"]]) == (3, ["STE"])
    assert told["room_types"][0]["rooms_left"] == 1


async def test_the_front_desk_of_a_date_and_one_of_its_lists(api: httpx2.AsyncClient, staying: object) -> None:
    told = (await api.get("/v1/hotels/seaside/front-desk/2016-07-30")).json()
    assert told["arrival_totals"] == {"expected": 0, "arrived": 1, "cancelled": 0, "no_shows": 0}
    assert told["in_house_totals"] == {"rooms": 1, "guests": 2}
    page = (await api.get("/v1/hotels/seaside/front-desk/2016-07-30/in_house")).json()
    assert page["entries"] == told["in_house"]["entries"]
    assert page["next"] is None


async def test_a_list_page_by_page(api: httpx2.AsyncClient, projector: Projector) -> None:
    history = History().opened()
    everybody = sorted(str(history.booked(0, 1).id) for _ in range(5))
    await projector.take(*history.events)
    first = (await api.get("/v1/hotels/seaside/front-desk/2016-07-30?limit=2")).json()["arrivals"]
    seen, cursor = [entry["reservation_id"] for entry in first["entries"]], first["next"]
    while cursor is not None:
        params = {"after": cursor, "limit": "2"}
        page = (await api.get("/v1/hotels/seaside/front-desk/2016-07-30/arrivals", params=params)).json()
        seen += [entry["reservation_id"] for entry in page["entries"]]
        cursor = page["next"]
    assert seen == everybody


async def test_the_room_rack_page_by_page(api: httpx2.AsyncClient, staying: object) -> None:
    first = (await api.get("/v1/hotels/seaside/room-rack?limit=3")).json()
    assert (first["rooms_in_all"], first["occupied"], first["rooms"][0]["state"]) == (4, 1, "occupied")
    second = (await api.get("/v1/hotels/seaside/room-rack", params={"after": first["next"]})).json()
    assert [room["room"] for room in first["rooms"] + second["rooms"]] == ["101", "102", "103", "201"]


async def test_the_statistics_of_a_month(api: httpx2.AsyncClient, staying: object) -> None:
    told = (await api.get("/v1/hotels/seaside/statistics/2016-07")).json()
    assert told["currency"] == "EUR"
    assert told["month_figures"]["rooms_sold"] == 2
    assert told["month_figures"]["adr_minor"] == 10_000
    assert told["nights"][29]["figures"]["arrivals"] == 1


async def test_a_date_on_which_nothing_happens_is_an_answer(api: httpx2.AsyncClient, staying: object) -> None:
    for query in ("/front-desk/2020-01-01", "/statistics/2020-01", "/availability?from=2020-01-01&to=2020-02-01"):
        assert (await api.get(f"/v1/hotels/seaside{query}")).status_code == 200


@pytest.mark.parametrize("query", EVERY_QUERY)
async def test_who_has_the_answer_already_gets_304(api: httpx2.AsyncClient, staying: object, query: str) -> None:
    first = await api.get(f"/v1/hotels/seaside{query}")
    for header in (first.headers["etag"], f'"x", W/{first.headers["etag"]}', "*"):
        again = await api.get(f"/v1/hotels/seaside{query}", headers={"If-None-Match": header})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])


async def test_who_has_an_older_answer_gets_the_new_one(
    api: httpx2.AsyncClient, projector: Projector, staying: tuple[History, Booked]
) -> None:
    address = f"/v1/hotels/seaside/reservations/{staying[1].id}"
    tag = (await api.get(address)).headers["etag"]
    staying[0].closed()
    await projector.take(staying[0].events[-1])
    again = await api.get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.headers["etag"] != tag) == (200, True)


@pytest.mark.parametrize("query", EVERY_QUERY)
async def test_head_is_get_without_the_body(api: httpx2.AsyncClient, staying: object, query: str) -> None:
    got, asked = await api.get(f"/v1/hotels/seaside{query}"), await api.head(f"/v1/hotels/seaside{query}")
    assert (asked.status_code, asked.content) == (200, b"")
    assert asked.headers["etag"] == got.headers["etag"]
    assert asked.headers["content-length"] == got.headers["content-length"]


async def test_an_answer_waits_for_the_position_that_was_asked_for(
    documents: Documents, projector: Projector, history: History
) -> None:
    position = len(history.events)
    async with query_api(documents, Access(None), seconds=10) as api:
        asked = asyncio.create_task(api.get(f"/v1/hotels/seaside?min_position={position}"))
        await asyncio.sleep(0.05)
        await projector.take(*history.events)
        response = await asked
    assert (response.status_code, response.json()["business_date"]) == (200, "2016-07-31")


async def test_a_position_that_does_not_come_is_a_conflict_that_says_what_is_there(
    api: httpx2.AsyncClient, projector: Projector, history: History
) -> None:
    await projector.take(*history.events)
    response = await api.get("/v1/hotels/seaside?min_position=999")
    problem(response, 409, "read_model_behind")
    assert response.json()["position"] == len(history.events)
    assert response.headers["retry-after"] == "2"


async def test_every_field_of_every_answer_is_described(api: httpx2.AsyncClient) -> None:
    document = (await api.get("/openapi.json")).json()
    schemas = {name: schema for name, schema in document["components"]["schemas"].items() if name.endswith("Dto")}
    assert len(schemas) > 10
    for name, schema in schemas.items():
        assert schema["description"], name
        for field, described in schema["properties"].items():
            assert described.get("description"), f"{name}.{field}"
    for template, path in document["paths"].items():
        in_path = {parameter["name"] for parameter in path["get"]["parameters"] if parameter["in"] == "path"}
        assert in_path == set(re.findall(r"{(\w+)}", template))
        for parameter in path["get"]["parameters"]:
            assert parameter.get("description") or parameter["schema"].get("description"), parameter


@pytest.mark.parametrize("query", EVERY_QUERY)
async def test_documents_that_have_diverged_are_not_served(
    api: httpx2.AsyncClient, projector: Projector, staying: object, query: str
) -> None:
    url = f"/v1/hotels/seaside{query}"
    tag = (await api.get(url)).headers["etag"]
    await projector.projecting.parking.mark_diverged("seaside", Divergence(4, 2, "it is ahead"))
    refused = await api.get(url, headers={"If-None-Match": tag})
    assert (refused.status_code, refused.json()["code"]) == (503, "read_model_diverged")
    assert refused.headers["retry-after"] == "30"
    waited = await api.get(f"{url}{'&' if '?' in url else '?'}min_position=9")
    assert waited.json()["code"] == "read_model_diverged"


async def test_a_repaired_document_has_another_tag(
    api: httpx2.AsyncClient, projector: Projector, documents: Documents, staying: tuple[History, Booked]
) -> None:
    projector.feed.holds(staying[0].events)
    right = (await documents.find("hotel", ["seaside"]))["seaside"]
    await documents.put("hotel", {**right, "name": "Seesight"})
    wrong = await api.get("/v1/hotels/seaside")
    assert wrong.json()["name"] == "Seesight"
    await Reconciling(projector.feed, documents).hotel("seaside", repair=True)
    repaired = await api.get("/v1/hotels/seaside", headers={"If-None-Match": wrong.headers["etag"]})
    assert (repaired.status_code, repaired.json()["name"]) == (200, "Seaside")
    again = await api.get("/v1/hotels/seaside", headers={"If-None-Match": repaired.headers["etag"]})
    assert again.status_code == 304
