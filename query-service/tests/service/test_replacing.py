"""What is said to the store and what it answers, word for word; ``test_documents`` has what comes of it."""

from time import monotonic
from typing import Any

import bson
import pytest
from bson.raw_bson import RawBSONDocument
from pymongo.errors import AutoReconnect

from query_service import replacing
from query_service.replacing import DUPLICATE_KEY, Replaced, Replacement, replace_all

NOT_WRITABLE_PRIMARY = 10_107
TOO_LARGE = 10_334


class Server:
    """Takes every update but the last of each message where another document is there; remembers what came together."""

    def __init__(self, *, another_there: bool = False, hangs_up: int = 0) -> None:
        self.another_there = another_there
        self.hangs_up = hangs_up
        self.messages: list[dict[str, Any]] = []

    def command(self, command: dict[str, Any]) -> dict[str, Any]:
        self.messages.append(dict(command))
        command["lsid"] = len(self.messages)  # as the driver notes its session there
        if len(self.messages) <= self.hangs_up:
            raise AutoReconnect("connection closed")
        count = len(command["updates"])
        if self.another_there:
            return {"ok": 1.0, "n": count - 1, "writeErrors": [fault(count - 1, DUPLICATE_KEY)]}
        return {"ok": 1.0, "n": count}


def numbered(count: int, note: str = "") -> list[Replacement]:
    documents = [{"_id": f"d{number}", "note": note} for number in range(count)]
    return [Replacement({"_id": one["_id"]}, RawBSONDocument(bson.encode(one)), upsert=True) for one in documents]


def replaced(server: Any, replacements: list[Replacement], seconds: float = 5) -> Replaced:
    return replace_all(server, "hotel", replacements, monotonic() + seconds)


def fault(index: int, code: int) -> dict[str, Any]:
    return {"index": index, "code": code, "errmsg": f"fault {code}"}


def test_many_go_in_one_message_that_waits_for_a_majority_and_its_journal() -> None:
    server = Server()
    assert replaced(server, numbered(3)) == Replaced(made=3)
    [message] = server.messages
    assert message["writeConcern"] == {"w": "majority", "j": True}
    assert not message["ordered"]


def test_what_a_server_would_not_take_in_one_message_goes_in_several(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server()
    monkeypatch.setattr(replacing, "MAX_UPDATES", 2)
    assert replaced(server, numbered(5)) == Replaced(made=5)
    monkeypatch.setattr(replacing, "MAX_UPDATE_BYTES", 3_000)
    assert replaced(server, numbered(3, "x" * 1_000)) == Replaced(made=3)
    assert replaced(server, numbered(1, "x" * 4_000)) == Replaced(made=1)
    assert [len(message["updates"]) for message in server.messages] == [2, 2, 1, 1, 1, 1, 1]


def test_nothing_more_is_sent_once_nobody_waits() -> None:
    server = Server()
    with pytest.raises(TimeoutError):
        replaced(server, numbered(1), seconds=-1)
    assert server.messages == []


def test_a_server_that_hangs_up_is_asked_once_more() -> None:
    server = Server(hangs_up=1)
    assert replaced(server, numbered(2)) == Replaced(made=2)
    first, second = server.messages
    assert first == second


def test_a_server_that_hangs_up_again_is_away() -> None:
    with pytest.raises(AutoReconnect):
        replaced(Server(hangs_up=2), numbered(2))


def test_those_that_another_document_kept_out_are_known_by_their_place_among_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replacing, "MAX_UPDATES", 2)
    assert replaced(Server(another_there=True), numbered(5)) == Replaced(made=2, kept=[1, 3, 4])


def test_a_document_that_no_store_takes_is_refused_with_what_the_first_fault_says() -> None:
    so_far = Replaced()
    so_far.add(0, {"n": 0, "writeErrors": [fault(0, DUPLICATE_KEY), fault(1, TOO_LARGE), fault(2, TOO_LARGE + 1)]})
    assert so_far == Replaced(kept=[0], refused=f"fault {TOO_LARGE}")


def test_a_server_that_steps_down_has_refused_nothing() -> None:
    so_far = Replaced()
    so_far.add(0, {"n": 1, "writeErrors": [fault(1, NOT_WRITABLE_PRIMARY)]})
    assert so_far == Replaced(made=1, acknowledged=False)


def test_what_no_majority_has_is_not_acknowledged() -> None:
    so_far = Replaced()
    so_far.add(0, {"n": 1, "writeConcernError": {"code": 64, "errmsg": "waiting for replication timed out"}})
    so_far.add(1, {"n": 1})
    assert so_far == Replaced(made=2, acknowledged=False)
