"""The frames of a message are those that pamqp makes of it."""

import pytest
from aiormq import spec
from hypothesis import given
from hypothesis import strategies as st
from pamqp import frame
from pamqp.body import ContentBody
from pamqp.header import ContentHeader

from shared_contracts.transport.outgoing import Outgoing, packed

PART = 10
words = st.text("abc.-ü", min_size=1, max_size=20)


def expected(message: Outgoing, channel: int) -> bytes:
    properties = spec.Basic.Properties(
        content_type="application/json",
        delivery_mode=2,
        message_id=message.message_id,
        message_type=message.message_type,
    )
    frames = (
        spec.Basic.Publish(exchange=message.exchange, routing_key=message.routing_key, mandatory=True),
        ContentHeader(properties=properties, body_size=len(message.body)),
        *(ContentBody(message.body[at : at + PART]) for at in range(0, len(message.body), PART)),
    )
    return b"".join(frame.marshal(one, channel) for one in frames)


@given(
    st.lists(st.builds(Outgoing, st.text("innkeep.", max_size=9), words, words, words, st.binary(max_size=35))),
    st.integers(1, 2**16 - 1),
)
def test_frames_are_those_of_the_driver(messages: list[Outgoing], channel: int) -> None:
    assert packed(messages, channel, PART) == b"".join(expected(message, channel) for message in messages)


def test_an_id_that_does_not_fit_is_an_error() -> None:
    with pytest.raises(ValueError, match="256"):
        packed([Outgoing("", "queue", "x" * 256, "test", b"")], 1, PART)
