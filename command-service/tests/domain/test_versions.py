"""The streams of every release fold to the rows that were expected of them."""

import pytest

from shared_contracts.envelope import decode_event, encode_event
from versions.folder import Version, versions
from versions.folds import rows


@pytest.mark.parametrize("version", versions(), ids=lambda version: version.name)
def test_the_streams_of_a_release_fold_to_the_rows_expected(version: Version) -> None:
    expected = version.expected("rows")
    assert expected
    for was, is_now in zip(expected, rows(version.streams), strict=True):
        assert is_now == was, f"an old event means something else now: only then approve {version.name} if it is to"


@pytest.mark.parametrize("version", versions(), ids=lambda version: version.name)
def test_events_that_were_raised_and_written_again_fold_to_the_same_rows(version: Version) -> None:
    raised = {
        hotel: [encode_event(decode_event(message)) for message in stream] for hotel, stream in version.streams.items()
    }
    assert list(rows(raised)) == list(rows(version.streams))
