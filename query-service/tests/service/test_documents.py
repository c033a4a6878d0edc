"""The document store: what is newer wins, whatever happens at the same time."""

import asyncio
import random
import threading
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import pymongo
import pytest
from pymongo.database import Database
from pymongo.errors import AutoReconnect

from query_service.documents import DocumentRefusedError, Documents, DocumentsUnavailableError
from query_service.readiness import COLLECTIONS
from query_service.replacing import Replaced
from query_service.settings import MAX_DOCUMENT_BYTES, MAX_IDS_PER_FIND

NOWHERE = "mongodb://127.0.0.1:1"


def at(position: int, name: str = "a") -> dict[str, Any]:
    return {"_id": name, "hotel_id": "seaside", "position": position, "note": f"as of {position}"}


async def test_a_document_is_found_by_its_id(documents: Documents) -> None:
    await documents.write("hotel", [at(1), at(1, "b")])
    assert await documents.find("hotel", ["a", "c"]) == {"a": at(1)}


async def test_many_more_documents_than_one_question_may_ask_for_are_found(documents: Documents) -> None:
    names = [f"n{number}" for number in range(MAX_IDS_PER_FIND + 5)]
    await documents.write("hotel", [at(1, name) for name in names])
    assert (await documents.find("hotel", names)).keys() == set(names)


async def test_more_than_one_message_may_hold_is_found_at_once(documents: Documents) -> None:
    large = {f"n{number}": {**at(1, f"n{number}"), "note": "x" * 6_291_456} for number in range(4)}
    for document in large.values():
        await documents.write("hotel", [document])
    assert await documents.find("hotel", list(large)) == large


async def test_what_is_asked_over_a_connection_that_is_lost_is_asked_once_more(
    documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    await documents.write("hotel", [at(1)])
    ask, lost = Database.cursor_command, [AutoReconnect("connection closed")]

    def ask_or_lose(*asked: Any) -> Any:
        if lost:
            raise lost.pop()
        return ask(*asked)

    monkeypatch.setattr(Database, "cursor_command", ask_or_lose)
    assert await documents.find("hotel", ["a"]) == {"a": at(1)}


async def test_how_sure_a_find_must_be_is_for_the_address_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[dict[str, Any]]()

    def ask(_: object, command: dict[str, Any]) -> Any:
        asked.append(command)
        return SimpleNamespace(to_list=list)

    monkeypatch.setattr(Database, "cursor_command", ask)
    for address in (NOWHERE, f"{NOWHERE}/?readConcernLevel=majority"):
        with closing(Documents(address, "any", 5)) as documents:
            await documents.find("hotel", ["a"])
    assert [one.get("readConcern") for one in asked] == [None, {"level": "majority"}]


async def test_nothing_is_found_where_nothing_is_asked(documents: Documents) -> None:
    assert await documents.find("hotel", []) == {}


async def test_collections_are_looked_at_one_after_the_other_in_the_order_given(
    documents: Documents, mongodb_url: str, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = Documents._found_in

    def look_and_write(self: Documents, collection: str, ids: list[str], until: float) -> dict[str, Any]:
        found = look(self, collection, ids, until)
        if collection == "hotel":
            with pymongo.MongoClient[dict[str, Any]](mongodb_url) as client:
                client[database]["statistics"].insert_one(at(1, ids[0]))
        return found

    monkeypatch.setattr(Documents, "_found_in", look_and_write)
    assert await documents.find_in({"statistics": ["a"], "hotel": ["a"]}) == {"statistics": {}, "hotel": {}}
    assert await documents.find_in({"hotel": ["b"], "statistics": ["b"]}) == {
        "hotel": {},
        "statistics": {"b": at(1, "b")},
    }


async def test_what_nobody_waits_for_any_more_is_not_looked_at(
    mongodb_url: str, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = list[str]()
    may = threading.Event()

    def look(_: Documents, collection: str, *__: object) -> dict[str, Any]:
        looked.append(collection)
        may.wait()
        return {}

    monkeypatch.setattr(Documents, "_found_in", look)
    with closing(Documents(mongodb_url, database, 1)) as impatient:
        with pytest.raises(DocumentsUnavailableError):
            await impatient.find_in({"hotel": ["a"], "statistics": ["a"]})
        may.set()
        impatient._threads.shutdown(wait=True)
    assert looked == ["hotel"]


async def test_a_store_that_was_closed_answers_nothing(mongodb_url: str, database: str) -> None:
    closed = Documents(mongodb_url, database, 1)
    closed.close()
    with pytest.raises(DocumentsUnavailableError):
        await closed.find("hotel", ["a"])


async def test_a_newer_document_takes_the_place_of_an_older_one(documents: Documents) -> None:
    await documents.write("hotel", [at(1)])
    assert await documents.write("hotel", [at(2)]) == 0
    assert await documents.find("hotel", ["a"]) == {"a": at(2)}


@pytest.mark.parametrize("late", [1, 2])
async def test_an_older_document_is_counted_and_changes_nothing(documents: Documents, late: int) -> None:
    await documents.write("hotel", [at(2)])
    assert await documents.write("hotel", [at(late), at(1, "b")]) == 1
    assert await documents.find("hotel", ["a", "b"]) == {"a": at(2), "b": at(1, "b")}


async def test_of_many_first_writes_at_once_the_newest_stays(documents: Documents) -> None:
    names = [f"n{number}" for number in range(20)]
    writes = [(position, name) for name in names for position in range(1, 9)]
    random.Random(7).shuffle(writes)  # noqa: S311  # repeatable
    await asyncio.gather(*(documents.write("hotel", [at(position, name)]) for position, name in writes))
    found = await documents.find("hotel", names)
    assert {document["position"] for document in found.values()} == {8}


async def test_more_documents_than_one_message_may_hold_are_stored(documents: Documents) -> None:
    large = [{**at(1, f"n{number}"), "note": "x" * 1_048_576} for number in range(20)]
    assert await documents.write("hotel", large) == 0
    assert await documents.write("hotel", large) == 20, "each was there"


async def test_a_document_nearly_as_large_as_any_may_be_is_stored(documents: Documents) -> None:
    assert await documents.write("hotel", [{**at(1), "note": "x" * (MAX_DOCUMENT_BYTES - 1_000)}]) == 0


async def test_what_the_driver_does_not_send_is_refused(documents: Documents, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("query_service.replacing.MAX_UPDATE_BYTES", 64 * 1_048_576)
    with pytest.raises(DocumentRefusedError):
        await documents.write("hotel", [{**at(1, f"n{number}"), "note": "x" * 1_048_576} for number in range(20)])


async def test_a_document_that_cannot_be_stored_is_refused(documents: Documents) -> None:
    with pytest.raises(DocumentRefusedError):
        await documents.write("hotel", [{**at(1), "note": "x" * 17_000_000}])
    with pytest.raises(DocumentRefusedError):
        await documents.write("hotel", [{**at(1), "note": 2**70}])


async def test_what_is_not_acknowledged_may_not_be_there(documents: Documents, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("query_service.documents.replace_all", lambda *_: Replaced(made=1, acknowledged=False))
    with pytest.raises(DocumentsUnavailableError):
        await documents.write("hotel", [at(1)])
    with pytest.raises(DocumentsUnavailableError):
        await documents.advance("checkpoints", [at(1)], [0])


async def test_a_store_that_is_down_is_unavailable_and_says_so_soon() -> None:
    with closing(Documents(NOWHERE, "nothing", 0.5)) as documents:
        for asking in (
            documents.ping(),
            documents.find("hotel", ["a"]),
            documents.write("hotel", [at(1)]),
            documents.first("hotel", 1),
            documents.missing(["hotel"]),
        ):
            async with asyncio.timeout(15):
                with pytest.raises(DocumentsUnavailableError):
                    await asking


async def test_collections_are_created_once(documents: Documents) -> None:
    assert await documents.missing([*COLLECTIONS, "more"]) == ["more"]
    await documents.create([*COLLECTIONS, "more"])
    await documents.create([*COLLECTIONS, "more"])
    assert await documents.missing([*COLLECTIONS, "more"]) == []


async def test_a_short_list_comes_in_the_order_of_its_ids(documents: Documents) -> None:
    for name in ("b", "c", "a"):
        await documents.put("parked_hotels", {"_id": name})
    assert [record["_id"] for record in await documents.first("parked_hotels", 2)] == ["a", "b"]


async def test_a_removed_document_was_there(documents: Documents) -> None:
    await documents.put("parked_hotels", {"_id": "a"})
    assert (await documents.remove("parked_hotels", "a"), await documents.remove("parked_hotels", "a")) == (True, False)
