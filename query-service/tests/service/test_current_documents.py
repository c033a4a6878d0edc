"""Readers find documents where they are served from now, and look closely when they are told to."""

from dataclasses import replace

import pytest

from query_service.current_documents import CurrentDocuments
from query_service.documents import Documents
from query_service.routes import ROUTES, Route, record_of_route

HOTEL = Route("hotel", "hotel")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reader(documents: Documents, clock: Clock) -> CurrentDocuments:
    return CurrentDocuments(documents, seconds=1.0, clock=clock)


def at(position: int) -> dict[str, object]:
    return {"_id": "seaside", "hotel_id": "seaside", "position": position}


@pytest.fixture(autouse=True)
async def two_collections(documents: Documents) -> None:
    await documents.write("hotel", [at(1)])
    await documents.write("hotel.1", [at(2)])


async def shown(reader: CurrentDocuments) -> int:
    return int((await reader.find("hotel", ["seaside"]))["seaside"]["position"])


async def test_a_kind_that_was_never_rebuilt_is_in_the_collection_of_its_name(reader: CurrentDocuments) -> None:
    assert await shown(reader) == 1


async def test_a_route_is_remembered_for_a_second(reader: CurrentDocuments, documents: Documents, clock: Clock) -> None:
    assert await shown(reader) == 1
    await documents.put(ROUTES, record_of_route(replace(HOTEL, current="hotel.1")))
    clock.now = 0.99
    assert await shown(reader) == 1
    clock.now = 1.0
    assert await shown(reader) == 2


async def test_who_looks_closely_sees_a_switch_at_once(
    reader: CurrentDocuments, documents: Documents, clock: Clock
) -> None:
    await documents.put(ROUTES, record_of_route(replace(HOTEL, closely=True)))
    assert await shown(reader) == 1
    await documents.put(ROUTES, record_of_route(replace(HOTEL, current="hotel.1", closely=True)))
    assert await shown(reader) == 2


async def test_every_other_collection_is_what_it_is(reader: CurrentDocuments, documents: Documents) -> None:
    await documents.put(ROUTES, record_of_route(replace(HOTEL, current="hotel.1")))
    await reader.put("checkpoints", at(7))
    await reader.put("hotel", at(8))
    assert (await documents.find("checkpoints", ["seaside"]))["seaside"]["position"] == 7
    assert (await documents.find("hotel.1", ["seaside"]))["seaside"]["position"] == 8
    assert await reader.remove("hotel", "seaside")
    assert await documents.find("hotel.1", ["seaside"]) == {}
