"""Keyset pages: a stable order of unique keys, and an opaque cursor that holds the last key of a page."""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterable
from operator import itemgetter
from typing import Final, TypeVar

Key = tuple[str, ...]
Item = TypeVar("Item")

START: Final[Key] = ()
_SEPARATOR: Final = "\x1f"


class CursorError(ValueError):
    """The text is not a cursor that a page gave."""


def cursor_of(key: Key) -> str:
    """The key as it travels in a URL."""
    return urlsafe_b64encode(_SEPARATOR.join(key).encode()).decode()


def key_of(cursor: str | None) -> Key:
    """The key in a cursor, ``START`` without one; ``CursorError`` where there is none in it."""
    if cursor is None:
        return START
    try:
        return tuple(b64decode(cursor, altchars=b"-_", validate=True).decode().split(_SEPARATOR))
    except ValueError:
        raise CursorError("is not a cursor of this list") from None


def page_of(items: Iterable[tuple[Key, Item]], after: Key, limit: int) -> tuple[list[Item], str | None]:
    """The first ``limit`` items whose key is greater than ``after``, by key, and the cursor where more follow."""
    following = sorted((item for item in items if item[0] > after), key=itemgetter(0))
    page = following[:limit]
    more = len(following) > limit
    return [item for _, item in page], cursor_of(page[-1][0]) if more else None
