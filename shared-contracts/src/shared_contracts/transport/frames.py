"""How AMQP 0-9-1 lays out its frames (2.3.5): kind, channel, size, payload, end. Pure."""

from struct import Struct
from typing import Final

METHOD: Final = 1
HEADER: Final = 2
BODY: Final = 3
HEARTBEAT: Final = 8
KINDS: Final = frozenset((METHOD, HEADER, BODY, HEARTBEAT))
END: Final = 0xCE
FRAME: Final = Struct(">BHL")
"""What is before the payload."""


def frame(kind: int, channel: int, payload: bytes) -> bytes:
    """A whole frame."""
    return FRAME.pack(kind, channel, len(payload)) + payload + bytes((END,))


def short(text: str) -> bytes:
    """A short string: up to 255 bytes, and how many before them; ``ValueError`` where there are more."""
    encoded = text.encode()
    return bytes((len(encoded),)) + encoded
