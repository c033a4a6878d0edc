"""Whatever pieces it comes in, each delivery is taken once and whole, and the driver gets everything else."""

import asyncio
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pamqp import frame, heartbeat
from pamqp.body import ContentBody
from pamqp.commands import Basic, Channel, Exchange
from pamqp.header import ContentHeader

from shared_contracts.transport.deliveries import LIVES, Arrived, Deliveries, OutOfOrderError

OURS, OTHER = 1, 2
PART = 10
"""Longer bodies travel in several frames."""


@dataclass
class Connection:
    """What was taken from a connection, and what its driver was given."""

    deliveries: Deliveries = field(default_factory=Deliveries)
    taken: list[Arrived] = field(default_factory=list[Arrived])
    passed: bytearray = field(default_factory=bytearray)

    def feed_data(self, data: bytes) -> None:
        """As the driver's reader is fed."""
        self.passed.extend(data)

    @property
    def driver_got(self) -> bytes:
        """Without heartbeats."""
        left, got = bytes(self.passed), b""
        while left:
            length = 8 + int.from_bytes(left[3:7])
            got += b"" if left[:length] == LIVES else left[:length]
            left = left[length:]
        return got


def connection() -> Connection:
    """One whose deliveries of channel ``OURS`` are taken."""
    made = Connection()
    made.deliveries.stand_before(made)
    made.deliveries.give(OURS, made.taken.append)
    return made


def delivered(arrived: Arrived, channel: int = OURS, properties: Basic.Properties | None = None) -> list[bytes]:
    """The frames of a delivery, as a broker sends them."""
    headers = {"x-delivery-count": arrived.count} if arrived.count else None
    properties = properties or Basic.Properties(
        headers=headers, delivery_mode=2, content_type="application/json", message_id=arrived.message_id or None
    )
    body = [arrived.body[at : at + PART] for at in range(0, len(arrived.body), PART)]
    frames = (
        Basic.Deliver("ctag1.1", arrived.tag, bool(arrived.count), "innkeep", "events.00"),
        ContentHeader(properties=properties, body_size=len(arrived.body)),
        *map(ContentBody, body),
    )
    return [frame.marshal(one, channel) for one in frames]


messages = st.builds(
    Arrived,
    tag=st.integers(1, 2**63 - 1),
    body=st.binary(max_size=35),
    count=st.integers(0, 5),
    message_id=st.text("abc-ü", max_size=9),
)
others = st.sampled_from(
    [
        [frame.marshal(Basic.Ack(7, True), OTHER)],
        [frame.marshal(Basic.Cancel("ctag1.1"), OURS)],
        [frame.marshal(Exchange.DeclareOk(), 3)],
        [frame.marshal(Channel.CloseOk(), OURS)],
        delivered(Arrived(3, b"of another channel", 0, "x"), OTHER),
        [
            frame.marshal(Basic.Return(312, "NO_ROUTE", "", "nowhere"), OURS),
            frame.marshal(ContentHeader(properties=Basic.Properties(), body_size=3), OURS),
            frame.marshal(ContentBody(b"abc"), OURS),
        ],
    ]
)


def in_pieces(data: bytes, cuts: Iterable[int]) -> Sequence[bytes]:
    """The data, cut at these points."""
    at = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in itertools.pairwise(at)]


@given(st.lists(st.one_of(messages, others), max_size=12), st.lists(st.integers(0, 5_000), max_size=20))
def test_in_whatever_pieces_it_comes(sent: list[Arrived | list[bytes]], cuts: list[int]) -> None:
    made = connection()
    frames = [delivered(one) if isinstance(one, Arrived) else one for one in sent]
    for piece in in_pieces(b"".join(part for one in frames for part in one), cuts):
        made.deliveries.feed(piece)
    assert made.taken == [one for one in sent if isinstance(one, Arrived)]
    assert made.driver_got == b"".join(part for one in sent if isinstance(one, list) for part in one)


def test_deliveries_of_two_channels_may_come_interleaved() -> None:
    made, second = connection(), list[Arrived]()
    made.deliveries.give(OTHER, second.append)
    one, other = Arrived(1, b"x" * 25, 0, "one"), Arrived(9, b"y" * 25, 0, "other")
    for parts in zip(delivered(one), delivered(other, OTHER), strict=True):
        made.deliveries.feed(b"".join(parts))
    assert (made.taken, second, made.driver_got) == ([one], [other], b"")


@pytest.mark.parametrize(
    "properties",
    [
        Basic.Properties(message_id="here"),
        Basic.Properties("application/json", "gzip", {"a": "b"}, 2, 3, "id", "back", "1000", "here", None, "kind"),
        Basic.Properties(headers={}, priority=0, expiration="5", message_id="here", app_id="ours"),
    ],
)
def test_the_message_id_is_found_among_all_properties(properties: Basic.Properties) -> None:
    made = connection()
    made.deliveries.feed(b"".join(delivered(Arrived(1, b"{}", 0, ""), properties=properties)))
    assert [one.message_id for one in made.taken] == ["here"]


def test_a_broker_that_does_not_count_has_delivered_once_before() -> None:
    made = connection()
    again = frame.marshal(Basic.Deliver("ctag1.1", 4, True, "", ""), OURS)
    made.deliveries.feed(again + b"".join(delivered(Arrived(4, b"", 0, ""))[1:]))
    assert made.taken == [Arrived(4, b"", 1, "")]


def test_the_driver_hears_that_the_broker_lives_while_only_deliveries_come() -> None:
    made = connection()
    made.deliveries.feed(b"".join(delivered(Arrived(1, b"{}", 0, "id"))))
    assert bytes(made.passed) == LIVES == frame.marshal(heartbeat.Heartbeat(), 0)


@pytest.mark.parametrize("strange", [b"AMQP\x00\x00\x09\x01", b"\x01\x00\x01\x00\x00\x00\x02ab!", b"\x09" * 30])
def test_what_is_no_frame_is_left_to_the_driver_with_all_that_follows(strange: bytes) -> None:
    made, known = connection(), frame.marshal(Basic.Ack(7), OTHER)
    made.deliveries.feed(known + strange)
    made.deliveries.feed(known)
    assert (bytes(made.passed), made.taken) == (known + strange + known, [])


def test_a_delivery_is_dropped_where_its_channel_is_closed_in_its_middle() -> None:
    made = connection()
    made.deliveries.feed(b"".join(delivered(Arrived(1, b"x" * 25, 0, "lost"))[:3]))
    closed = frame.marshal(Channel.Close(320, "gone", 0, 0), OURS)
    made.deliveries.feed(closed)
    assert (made.taken, made.driver_got) == ([], closed)


BROKEN = delivered(Arrived(1, b"x" * 25, 0, "broken"))


@pytest.mark.parametrize(
    "frames",
    [
        [*BROKEN[:2], frame.marshal(ContentBody(b"x" * 26), OURS)],
        [BROKEN[0], BROKEN[2]],
        [*BROKEN[:2], BROKEN[1]],
        [*BROKEN[:3], BROKEN[0]],
        [*BROKEN[:1], frame.marshal(Basic.Cancel("ctag1.1"), OURS)],
    ],
    ids=["a body too long", "a body before its header", "two headers", "a delivery in another", "a method in it"],
)
def test_what_cannot_come_here_ends_the_connection(frames: list[bytes]) -> None:
    made = connection()
    with pytest.raises(OutOfOrderError):
        made.deliveries.feed(b"".join(frames))
    assert made.taken == []


async def test_what_cannot_come_here_is_the_readers_error() -> None:
    async def broken(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"".join([BROKEN[0], BROKEN[2]]))
        writer.close()

    server = await asyncio.start_server(broken, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    made = Connection()
    made.deliveries.stand_before(reader)
    made.deliveries.give(OURS, made.taken.append)
    with pytest.raises(OutOfOrderError):
        await reader.readexactly(1)
    writer.close()
    server.close()


def test_a_channel_that_was_dropped_is_the_drivers_and_its_number_may_be_given_again() -> None:
    made, second = connection(), list[Arrived]()
    made.deliveries.feed(b"".join(delivered(Arrived(1, b"x" * 25, 0, "lost"))[:3]))
    made.deliveries.drop(OURS)
    frames = b"".join(delivered(Arrived(2, b"y", 0, "the driver's")))
    made.deliveries.feed(frames)
    made.deliveries.give(OURS, second.append)
    again = Arrived(1, b"z", 0, "again")
    made.deliveries.feed(b"".join(delivered(again)))
    assert (made.taken, second, made.driver_got) == ([], [again], frames)
