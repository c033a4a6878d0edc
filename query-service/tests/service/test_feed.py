"""The event feed of the command API, as this side reads it."""

from collections.abc import Callable

import httpx2
import orjson
import pytest
from histories import History

from query_service.feed import Feed, FeedUnavailableError, UnknownHotelError
from shared_contracts.envelope import encode_event


def feed(answer: Callable[[httpx2.Request], httpx2.Response]) -> Feed:
    return Feed("http://command-api", "secret", httpx2.MockTransport(answer))


def page(*events: bytes) -> httpx2.Response:
    return httpx2.Response(200, content=b'{"head":9,"events":[%s]}' % b",".join(events))


async def test_events_are_asked_for_with_a_token_after_a_position(history: History) -> None:
    asked: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return page(*map(encode_event, history.events[2:4]))

    async with feed(answer) as reading:
        found = await reading.missing("seaside", 2, 2)
    assert found.events == tuple(history.events[2:4])
    assert found.fault is None
    assert str(asked[0].url) == "http://command-api/v1/hotels/seaside/events?after=2&limit=2"
    assert asked[0].headers["authorization"] == "Bearer secret"


async def test_an_event_that_this_release_does_not_know_is_a_fault_at_its_position(history: History) -> None:
    known = encode_event(history.events[0])
    unknown = orjson.dumps({**orjson.loads(encode_event(history.events[1])), "type": "MinibarEmptied"})
    async with feed(lambda _: page(known, unknown, encode_event(history.events[2]))) as reading:
        found = await reading.missing("seaside", 0, 10)
    assert found.events == (history.events[0],)
    assert found.fault is not None
    assert found.fault.position == 2
    assert "MinibarEmptied" in found.fault.reason


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(503),
        httpx2.Response(404),
        httpx2.Response(200, content=b"<html>"),
        httpx2.Response(200, content=b'{"events":[1],"head":1}'),
    ],
)
async def test_anything_but_a_page_is_unavailable(answer: httpx2.Response) -> None:
    async with feed(lambda _: answer) as reading:
        with pytest.raises(FeedUnavailableError):
            await reading.missing("seaside", 0, 10)
        with pytest.raises(FeedUnavailableError):
            await reading.heads("", 10)


async def test_a_connection_that_fails_is_unavailable() -> None:
    async with Feed("http://127.0.0.1:1") as reading:
        with pytest.raises(FeedUnavailableError):
            await reading.missing("seaside", 0, 10)


async def test_heads_come_by_the_page() -> None:
    async with feed(lambda _: httpx2.Response(200, json={"positions": {"a": 3, "b": 1}, "next": "b"})) as reading:
        found = await reading.heads("", 2)
    assert (dict(found.positions), found.following) == ({"a": 3, "b": 1}, "b")


async def test_a_hotel_that_the_write_side_does_not_know_is_told_from_a_page_that_is_not_there() -> None:
    unknown = httpx2.Response(404, json={"code": "unknown_hotel"})
    async with feed(lambda _: unknown) as reading:
        with pytest.raises(UnknownHotelError):
            await reading.missing("seaside", 0, 10)
    for other in (httpx2.Response(404, content=b"nginx"), httpx2.Response(404, json=["unknown_hotel"])):
        async with feed(lambda _, other=other: other) as reading:  # type: ignore[misc]
            with pytest.raises(FeedUnavailableError) as raised:
                await reading.missing("seaside", 0, 10)
            assert not isinstance(raised.value, UnknownHotelError)
