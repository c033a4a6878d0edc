"""Keyset pages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from query_service.projections.pages import START, CursorError, cursor_of, key_of, page_of

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x1f"), max_size=12)


@given(st.lists(TEXT, min_size=1, max_size=3).map(tuple))
def test_a_cursor_gives_back_its_key(key: tuple[str, ...]) -> None:
    assert key_of(cursor_of(key)) == key


@given(st.sets(TEXT, max_size=30), st.integers(1, 10))
def test_pages_hold_each_item_once_in_order(items: set[str], limit: int) -> None:
    seen: list[str] = []
    after = START
    while True:
        page, cursor = page_of((((item,), item) for item in items), after, limit)
        seen += page
        if cursor is None:
            break
        after = key_of(cursor)
    assert seen == sorted(items)


@pytest.mark.parametrize("cursor", ["!", "abc", "é", "_w=="])
def test_what_no_page_gave_is_refused(cursor: str) -> None:
    with pytest.raises(CursorError):
        key_of(cursor)
