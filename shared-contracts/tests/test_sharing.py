from collections import Counter

import pytest

from harness.members import InMemory
from shared_contracts.topology import PARTITIONS, commands_queue
from shared_contracts.transport.sharing import (
    FORGET_SECONDS,
    LEASE_SECONDS,
    Seen,
    Sharing,
    behind_in_sharing,
    share,
)

QUEUES = [commands_queue(partition) for partition in range(PARTITIONS)]


@pytest.mark.parametrize("number", range(1, 20))
def test_shares_differ_by_one_at_most_and_every_queue_has_an_owner(number: int) -> None:
    members = [f"worker-{n}" for n in range(number)]
    owners = share(members, QUEUES)
    sizes = Counter(owners.values())
    assert list(owners) == QUEUES
    assert set(owners.values()) <= set(members)
    assert max(sizes[member] for member in members) - min(sizes[member] for member in members) <= 1


def test_the_share_is_the_same_in_whatever_order_members_are_seen() -> None:
    members = [f"worker-{n}" for n in range(5)]
    assert share(members, QUEUES) == share(reversed(members), QUEUES)


def test_nobody_owns_anything_where_nobody_lives() -> None:
    assert share([], QUEUES) == {}


def test_what_one_leaves_behind_is_most_of_what_moves() -> None:
    moves = 0
    for number in range(100):
        members = [f"worker-{number}-{n}" for n in range(4)]
        before, after = share(members, QUEUES), share(members[1:], QUEUES)
        moves += sum(before[queue] != after[queue] for queue in QUEUES if before[queue] != members[0])
    assert moves / 100 < 4  # of the twelve that had a living owner; dealing them out in turn moves nine


def test_a_member_lives_until_it_has_not_counted_for_a_lease() -> None:
    seen, now = Seen(0.0), 0.0
    while now < LEASE_SECONDS - 1:
        now += 1
        seen = seen.look({"here": int(now), "silent": 1}, now)
        assert seen.live() == {"here", "silent"}
    for step in range(2):
        seen = seen.look({"here": 100 + step, "silent": 1}, now + 1 + step)
    assert seen.live() == {"here"}


def test_a_member_that_counts_again_lives_again() -> None:
    seen = Seen(0.0)
    for now in range(20):
        seen = seen.look({"paused": 1}, float(now))
    assert seen.live() == set()
    assert seen.look({"paused": 2}, 20.0).live() == {"paused"}
    assert seen.look({"paused": 0}, 20.0).live() == {"paused"}, "it was forgotten, and began anew"


def test_who_has_not_looked_for_a_lease_takes_nobody_for_dead() -> None:
    seen = Seen(0.0).look({"other": 1}, 1.0)
    assert seen.look({"other": 1}, 1.0 + LEASE_SECONDS).live() == {"other"}


def test_a_member_without_a_row_is_gone_at_once() -> None:
    assert Seen(0.0).look({"left": 1}, 1.0).look({}, 2.0).live() == set()


def test_only_who_was_silent_for_long_is_forgotten() -> None:
    seen, now = Seen(0.0), 0.0
    while now < FORGET_SECONDS:
        assert seen.gone() == {}
        now += 1
        seen = seen.look({"dead": 7, "here": int(now)}, now)
    seen = seen.look({"dead": 7, "here": 0}, now + 1)
    assert seen.gone() == {"dead": 7}


async def test_two_processes_agree_on_who_owns_what() -> None:
    members = InMemory()
    first, second = Sharing(members, QUEUES), Sharing(members, QUEUES)
    await first.look()
    assert first.owned() == QUEUES
    await second.look()
    await first.look()
    assert len(first.owned()) == len(second.owned()) == 8
    assert {*first.owned(), *second.owned()} == set(QUEUES)
    await second.members.leave(second.member)
    await first.look()
    assert first.owned() == QUEUES


async def test_the_dead_are_forgotten_by_those_who_live() -> None:
    members, now = InMemory({"dead": 3}), 0.0
    sharing = Sharing(members, QUEUES, clock=lambda: now)
    while now <= FORGET_SECONDS + 1:
        await sharing.look()
        now += 1
    assert list(members.counts) == [sharing.member]
    assert sharing.owned() == QUEUES


async def test_while_the_store_is_down_the_last_share_goes_on_and_readiness_says_so() -> None:
    members = InMemory()
    first, second = Sharing(members, QUEUES), Sharing(members, QUEUES)
    for sharing in (first, second, first):
        await sharing._look_once()
    owned = first.owned()
    members.down = True
    await first._look_once()
    assert first.owned() == owned
    assert "does not answer" in behind_in_sharing(first)["sharing"]
    members.down = False
    await first._look_once()
    assert behind_in_sharing(first) == {}


async def test_one_more_than_there_are_queues_stands_by_and_says_so() -> None:
    members = InMemory({f"worker-{n}": 1 for n in range(PARTITIONS)})
    sharings = [Sharing(members, QUEUES, member=member) for member in [*members.counts, "one-more"]]
    for sharing in sharings * 2:
        await sharing.look()
    idle = [sharing for sharing in sharings if not sharing.owned()]
    assert len(idle) == 1
    assert behind_in_sharing(idle[0]) == {"sharing": "standing by: 17 processes share 16 queues"}
    assert all(behind_in_sharing(sharing) == {} for sharing in sharings if sharing is not idle[0])
