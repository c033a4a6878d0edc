import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient, ReplaceOne
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError, PyMongoError

from harness.steady_clock import SteadyClock, steady_clock
from local_stack import document_store
from local_stack.listening import addresses_of
from local_stack.server import Server

DUPLICATE_KEY = 11000
FEW, MANY = 2_000, 50_000
PAD = "x" * 500
# What the store may lose when it is killed: a tenth of a second of writes, and as much again on a busy machine.
KEPT_SECONDS = 1.0


@pytest.fixture
def collection(documents: Server) -> Iterator[Collection[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](documents.url) as client:
        yield client["tests"]["documents"]
    with MongoClient[dict[str, Any]](documents.url) as client:
        client.drop_database("tests")


def newer(number: int, position: int) -> ReplaceOne[dict[str, Any]]:
    """The projector's write: put this document there unless one as new is there already."""
    document = {"_id": f"hotel/{number:06d}", "position": position, "pad": PAD}
    return ReplaceOne({"_id": document["_id"], "position": {"$lt": position}}, document, upsert=True)


def fill(collection: Collection[dict[str, Any]], numbers: range, position: int = 1) -> None:
    collection.bulk_write([newer(number, position) for number in numbers], ordered=False)


def test_a_guard_lets_newer_documents_in_and_no_older_ones(collection: Collection[dict[str, Any]]) -> None:
    fill(collection, range(1), position=5)

    with pytest.raises(BulkWriteError) as refused:
        collection.bulk_write([newer(0, 4), newer(1, 1)], ordered=False)

    details = refused.value.details or {}
    assert [error["code"] for error in details["writeErrors"]] == [DUPLICATE_KEY]
    assert {found["_id"]: found["position"] for found in collection.find()} == {"hotel/000000": 5, "hotel/000001": 1}
    assert collection.bulk_write([newer(0, 6)]).modified_count == 1


def test_named_ids_are_looked_up_however_large_the_collection(
    documents: Server, collection: Collection[dict[str, Any]]
) -> None:
    fill(collection, range(FEW))
    work(collection, position=2)  # warms the server up
    few = processor_time(documents, lambda: work(collection, position=3))

    for start in range(FEW, MANY, 5_000):
        fill(collection, range(start, min(start + 5_000, MANY)))
    many = processor_time(documents, lambda: work(collection, position=4))

    assert many < 3 * few + 0.1


def work(collection: Collection[dict[str, Any]], position: int) -> None:
    for turn in range(20):
        numbers = range(turn, FEW, FEW // 100)
        collection.bulk_write([newer(number, 100 * position + turn) for number in numbers], ordered=False)
        ids = [f"hotel/{number:06d}" for number in numbers]
        assert len(list(collection.find({"_id": {"$in": ids}}))) == len(ids)


def processor_time(server: Server, action: Any) -> float:
    """Its own seconds of processor time, which other work on this machine does not lengthen."""

    def ticks() -> int:
        fields = Path(f"/proc/{server.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    before = ticks()
    action()
    return (ticks() - before) / 100


def test_a_large_collection_is_read_in_batches_and_in_ranges(collection: Collection[dict[str, Any]]) -> None:
    fill(collection, range(3_000))

    assert sum(1 for _ in collection.find()) == 3_000
    assert len(collection.find().limit(101).skip(2_950).to_list()) == 50
    page = collection.find({"_id": {"$gt": "hotel/000499", "$lt": "hotel/002000"}}).sort("_id", 1).limit(500).to_list()
    assert [found["_id"] for found in page] == [f"hotel/{number:06d}" for number in range(500, 1_000)]
    assert collection.find_one({"_id": "hotel/000007"}, {"position": 1}) == {"_id": "hotel/000007", "position": 1}


def test_a_document_that_was_read_is_not_changed_by_a_later_write(collection: Collection[dict[str, Any]]) -> None:
    collection.insert_one({"_id": "a", "inner": {"n": 1}})
    collection.update_one({"_id": "a"}, {"$set": {"inner.n": 2}, "$push": {"list": 1}})

    assert collection.find_one({"_id": "a"}) == {"_id": "a", "inner": {"n": 2}, "list": [1]}
    assert collection.delete_one({"_id": "a"}).deleted_count == 1
    assert collection.count_documents({}) == 0


def test_unique_indexes_are_kept_over_a_restart(documents: Server, collection: Collection[dict[str, Any]]) -> None:
    collection.create_index("code", unique=True)
    collection.insert_one({"_id": 1, "code": "a"})

    documents.restart()

    with MongoClient[dict[str, Any]](documents.url) as client, pytest.raises(PyMongoError, match="E11000"):
        client["tests"]["documents"].insert_one({"_id": 2, "code": "a"})


def test_killed_in_the_middle_of_its_work_it_keeps_all_but_the_last_moment(scratch: Path) -> None:
    server = document_store.start(scratch)
    try:
        for _ in range(3):
            with steady_clock() as clock:
                acknowledged = write_until_killed(server, clock, seconds=1.5)
                killed = clock.seconds
            server.restart()
            with MongoClient[dict[str, Any]](server.url) as client:
                found = {each["_id"]: each["position"] for each in client["tests"]["kept"].find()}
            lost = [at for key, position, at in acknowledged if found.get(key, 0) < position]
            assert all(killed - at < KEPT_SECONDS for at in lost)
    finally:
        server.stop()


def write_until_killed(server: Server, clock: SteadyClock, seconds: float) -> list[tuple[str, int, float]]:
    """What was acknowledged, and when, until the server was killed under the load."""
    acknowledged: list[tuple[str, int, float]] = []
    killer = threading.Timer(seconds, server.kill)
    with MongoClient[dict[str, Any]](server.url, serverSelectionTimeoutMS=500) as client:
        collection = client["tests"]["kept"]
        first = collection.find_one(sort=[("position", -1)])
        position = first["position"] if first else 0
        killer.start()
        while True:
            position += 1
            numbers = [(200 * position + step) * 7_919 % 5_000 for step in range(200)]  # far apart, none twice
            try:
                collection.bulk_write([newer(number, position) for number in numbers], ordered=False)
            except PyMongoError:
                break
            now = clock.seconds
            acknowledged.extend((f"hotel/{number:06d}", position, now) for number in numbers)
    killer.join()
    return acknowledged


def test_it_listens_on_this_machine_only(documents: Server) -> None:
    found = addresses_of(documents.pid)

    assert {port for _, port in found} == {documents.port}
    assert {address for address, _ in found} <= {"0100007F", "0000000000000000FFFF00000100007F"}
