"""The streams of every release fold to the documents that were expected of them, however they come."""

import pytest
from histories import fold_into

from query_service.folding import Address
from query_service.projections.projection import Document
from shared_contracts.envelope import decode_event
from versions.folder import Version, canonical, versions
from versions.folds import documents

BATCH = 7


@pytest.mark.parametrize("version", versions(), ids=lambda version: version.name)
def test_the_streams_of_a_release_fold_to_the_documents_expected(version: Version) -> None:
    expected = version.expected("documents")
    assert expected
    for was, is_now in zip(expected, documents(version.streams), strict=True):
        assert is_now == was, f"documents have changed: if on purpose, run `python -m versions approve {version.name}`"


@pytest.mark.parametrize("version", versions(), ids=lambda version: version.name)
def test_they_do_so_in_batches_and_with_repetitions(version: Version) -> None:
    lines: list[bytes] = []
    for stream in version.streams.values():
        events = [decode_event(message) for message in stream]
        found: dict[Address, Document] = {}
        for start in range(0, len(events), BATCH):
            found = fold_into(found, events[max(0, start - 2) : start + BATCH])
        lines += [canonical([collection, document]) for (collection, _), document in sorted(found.items())]
    assert lines == version.expected("documents")
