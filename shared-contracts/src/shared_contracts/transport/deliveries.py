"""Takes the deliveries out of what a broker sends before the driver sees them, which needs ten times as long for each.

Everything else is the driver's. The layout of frames, of a delivery and of the properties is that of AMQP 0-9-1,
sections 2.3.5, 2.3.5.2 and 4.2.6, and of its class ``basic``.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from struct import Struct
from typing import Final, Protocol, cast

from pamqp.header import ContentHeader

from shared_contracts.transport.frames import BODY, END, FRAME, HEADER, HEARTBEAT, KINDS, METHOD, frame

DELIVER: Final = bytes((0, 60, 0, 60))
CLOSES: Final = frozenset((bytes((0, 20, 0, 40)), bytes((0, 20, 0, 41))))
"""Ends the channel, and so what is under way on it."""
LIVES: Final = frame(HEARTBEAT, 0, b"")
DELIVERY: Final = Struct(">Q?")
"""The tag, and whether it comes again; after the consumer's tag."""
CONTENT: Final = Struct(">QH")
"""The size of the body, and which properties there are; after the class and the weight."""
TABLE: Final = Struct(">L")
DELIVERY_COUNT: Final = "x-delivery-count"
SHORT_BEFORE: Final = (0x8000, 0x4000)
"""The content's type and encoding, before the headers."""
HEADERS: Final = 0x2000
OCTETS: Final = (0x1000, 0x0800)
"""The delivery mode and the priority, after the headers."""
SHORT_AFTER: Final = (0x0400, 0x0200, 0x0100)
"""The correlation, whom to reply to, and the expiration."""
MESSAGE_ID: Final = 0x0080


class OutOfOrderError(ConnectionError):
    """A frame that cannot come here: what it belongs to is lost, so the connection must be."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message as it came: ``count`` is how often the broker had delivered it before."""

    tag: int
    body: bytes
    count: int
    message_id: str


class Fed(Protocol):
    """What a socket's data is handed to."""

    def feed_data(self, data: bytes) -> None:
        """Take the next bytes."""
        ...


Take = Callable[[Arrived], None]


@dataclass(slots=True)
class _Channel:
    """``tag`` is that of the delivery under way, or 0; ``missing`` bytes of its body, less than 0 before its header."""

    take: Take
    tag: int = 0
    again: bool = False
    missing: int = -1
    header: bytes = b""
    parts: list[bytes] = field(default_factory=list[bytes])

    def begin(self, tag: int, *, again: bool) -> None:
        """A delivery is under way, or with tag 0 none is."""
        self.tag, self.again = tag, again
        self.missing, self.header = -1, b""
        self.parts.clear()


class Deliveries:
    """Of one connection. Who takes a channel's deliveries is told each of them, in order, and nobody else is."""

    def __init__(self) -> None:
        """Nobody takes anything yet."""
        self._channels: dict[int, _Channel] = {}
        self._pass_on: Callable[[bytes], None] | None = None
        self._partial = b""
        self._strange = False

    def stand_before(self, reader: Fed) -> None:
        """Look at what the reader, an ``asyncio.StreamReader``, is fed from now on; nothing was yet."""
        self._pass_on = reader.feed_data
        reader.feed_data = self.feed  # type: ignore[method-assign]

    def give(self, channel: int, take: Take) -> None:
        """Have the channel's deliveries taken; before it consumes."""
        self._channels[channel] = _Channel(take)

    def drop(self, channel: int) -> None:
        """Leave the deliveries of a channel that was closed to the driver."""
        self._channels.pop(channel, None)

    def feed(self, data: bytes) -> None:
        """Take what there is to take of it, and pass the other frames on, each once it is whole.

        Where it took anything it passes a heartbeat on as well, so that the driver knows that the broker lives. What it
        raises, ``OutOfOrderError`` or whatever a malformed delivery makes it raise, ends the connection.
        """
        if self._strange:
            self._rest(data)
            return
        buffer = self._partial + data if self._partial else bytes(data)
        at = begun = 0
        took = False
        while len(buffer) - at > FRAME.size:
            kind, channel, size = FRAME.unpack_from(buffer, at)
            end = at + FRAME.size + size
            if kind not in KINDS or (end < len(buffer) and buffer[end] != END):
                self._strange = True  # the driver says what is wrong with it
                self._partial = b""
                self._rest(buffer[begun:])
                return
            if end >= len(buffer):
                break
            if channel in self._channels and self._takes(self._channels[channel], kind, buffer, at + FRAME.size, end):
                self._rest(buffer[begun:at])
                begun, took = end + 1, True
            at = end + 1
        self._rest(buffer[begun:at])
        self._partial = buffer[at:]
        if took:
            self._rest(LIVES)

    def _rest(self, data: bytes) -> None:
        if data and self._pass_on is not None:
            self._pass_on(data)

    def _takes(self, channel: _Channel, kind: int, buffer: bytes, start: int, end: int) -> bool:
        """Whether the frame is a part of a delivery; the last one makes it whole."""
        if kind == METHOD:
            return _begins(channel, buffer[start:end])
        if not channel.tag:
            return False
        if kind == HEADER and channel.missing < 0:
            channel.header = buffer[start:end]
            channel.missing = CONTENT.unpack_from(channel.header, 4)[0]
        elif kind == BODY and end - start <= channel.missing:
            channel.parts.append(buffer[start:end])
            channel.missing -= end - start
        else:
            raise OutOfOrderError(f"frame of kind {kind} in delivery {channel.tag}, {channel.missing} bytes missing")
        if channel.missing == 0:
            arrived = _arrived(channel)
            channel.begin(0, again=False)
            channel.take(arrived)
        return True


def _begins(channel: _Channel, method: bytes) -> bool:
    """Whether the method is a delivery, which is under way then."""
    name = method[:4]
    if channel.tag and name not in CLOSES:
        raise OutOfOrderError(f"method {name.hex()} in delivery {channel.tag}")
    channel.begin(0, again=False)
    if name != DELIVER:
        return False
    tag, again = DELIVERY.unpack_from(method, 5 + method[4])
    channel.begin(tag, again=again)
    return True


def _arrived(channel: _Channel) -> Arrived:
    body = channel.parts[0] if len(channel.parts) == 1 else b"".join(channel.parts)
    count = _count(channel.header) if channel.again else 0
    return Arrived(channel.tag, body, count, _message_id(channel.header))


def _count(header: bytes) -> int:
    """As a quorum queue says; once where it does not say."""
    content = ContentHeader()
    content.unmarshal(header)
    count = (content.properties.headers or {}).get(DELIVERY_COUNT, 1)
    return count if isinstance(count, int) else 1


def _message_id(header: bytes) -> str:
    """Empty where there is none."""
    flags = cast(int, CONTENT.unpack_from(header, 4)[1])
    if not flags & MESSAGE_ID:
        return ""
    at = 4 + CONTENT.size
    for flag in SHORT_BEFORE:
        at += 1 + header[at] if flags & flag else 0
    if flags & HEADERS:
        at += TABLE.size + TABLE.unpack_from(header, at)[0]
    at += sum(1 for flag in OCTETS if flags & flag)
    for flag in SHORT_AFTER:
        at += 1 + header[at] if flags & flag else 0
    return header[at + 1 : at + 1 + header[at]].decode(errors="replace")
