"""The projectors that run, in the document store."""

from contextlib import closing

import pytest

from query_service.documents import Documents
from query_service.members import PROJECTORS, Projectors
from shared_contracts.transport.sharing import MembersUnavailableError


async def test_each_beat_counts_one_up_and_tells_of_everybody(documents: Documents) -> None:
    projectors = Projectors(documents)
    assert await projectors.beat("one") == {"one": 1}
    assert await projectors.beat("two") == {"one": 1, "two": 1}
    assert await projectors.beat("one") == {"one": 2, "two": 1}


async def test_who_leaves_is_gone_and_may_leave_twice(documents: Documents) -> None:
    projectors = Projectors(documents)
    await projectors.beat("one")
    await projectors.leave("one")
    await projectors.leave("one")
    assert await projectors.beat("two") == {"two": 1}


async def test_who_has_counted_since_is_not_forgotten(documents: Documents) -> None:
    projectors = Projectors(documents)
    for member in ("one", "silent", "one"):
        await projectors.beat(member)
    await projectors.forget({"one": 1, "silent": 1, "nobody": 1})
    assert set(await documents.find(PROJECTORS, ["one", "silent"])) == {"one"}


async def test_a_store_that_is_down_is_unavailable() -> None:
    with closing(Documents("mongodb://127.0.0.1:1/", "nothing", 0.3)) as nowhere:
        projectors = Projectors(nowhere)
        for call in (projectors.beat("one"), projectors.leave("one"), projectors.forget({"one": 1})):
            with pytest.raises(MembersUnavailableError):
                await call
