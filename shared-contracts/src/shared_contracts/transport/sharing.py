"""Who serves which queue: the live processes of one kind share the queues evenly, without a clock that they agree on.

Each process counts up in a store, and watches the others count. Nothing that must not happen twice rests on this: a
queue may be nobody's or two processes' for a while. The broker gives it to one, and the databases refuse the other.
"""

import asyncio
import socket
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, Protocol
from uuid import uuid4

import structlog

from shared_contracts.transport.waiting import wait_for

BEAT_SECONDS: Final = 1.0
LEASE_SECONDS: Final = 5.0
FORGET_SECONDS: Final = 60.0
LOOK_SECONDS: Final = 3.0

log = structlog.get_logger()


class MembersUnavailableError(Exception):
    """The members' store did not answer."""


class Members(Protocol):
    """Where the processes of one kind count. Every method may raise ``MembersUnavailableError``."""

    async def beat(self, member: str) -> Mapping[str, int]:
        """Count the member up by one, and tell every member's count."""
        ...

    async def leave(self, member: str) -> None:
        """The member is gone; idempotent."""
        ...

    async def forget(self, counts: Mapping[str, int]) -> None:
        """Remove those that have still counted to the same."""
        ...


@dataclass(frozen=True, slots=True)
class Seen:
    """What an observer has seen: each member's count, and since when it has been the same. Seconds of its own clock."""

    at: float
    members: Mapping[str, tuple[int, float]] = field(default_factory=dict[str, tuple[int, float]])

    def look(self, counts: Mapping[str, int], now: float) -> "Seen":
        """What has been seen after this look. Who has not looked for a lease knows nothing of anybody's silence."""
        known = self.members if now - self.at < LEASE_SECONDS else {}
        return Seen(
            now,
            {
                member: known[member] if member in known and known[member][0] == count else (count, now)
                for member, count in counts.items()
            },
        )

    def live(self) -> frozenset[str]:
        """Those that have counted within the lease."""
        return frozenset(member for member, (_, since) in self.members.items() if self.at - since < LEASE_SECONDS)

    def gone(self) -> dict[str, int]:
        """Those that have been silent for so long that nobody need know them, and their counts."""
        return {member: count for member, (count, since) in self.members.items() if self.at - since >= FORGET_SECONDS}


def share(members: Iterable[str], queues: Sequence[str]) -> dict[str, str]:
    """The owner of each queue: the same in every process, shares that differ by one at most, few moves on a change.

    Pure. Each queue goes to the member that draws highest for it among those that have room left.
    """
    room = dict.fromkeys(sorted(members), 0)
    if not room:
        return {}
    least, larger = divmod(len(queues), len(room))
    owners: dict[str, str] = {}
    for queue in queues:
        free = [member for member, size in room.items() if size < least or (size == least and larger > 0)]
        owner = max(free, key=lambda member: _draw(member, queue))
        larger -= room[owner] == least
        room[owner] += 1
        owners[queue] = owner
    return owners


def _draw(member: str, queue: str) -> bytes:
    return blake2b(f"{member}/{queue}".encode(), digest_size=8).digest()


def new_member() -> str:
    """A name that no other process has had, and that tells an operator where it runs."""
    return f"{socket.gethostname()}-{uuid4().hex[:12]}"


@dataclass(slots=True)
class Sharing:
    """One process's membership, and its view of who owns which queue. It counts only while it is ``present``.

    ``looked`` is set after each look, for whoever gives way; ``trouble`` says why the last known share goes on.
    """

    members: Members
    queues: Sequence[str]
    member: str = field(default_factory=new_member)
    clock: Callable[[], float] = time.monotonic
    present: bool = False
    trouble: str = ""
    live: frozenset[str] = frozenset()
    looked: asyncio.Event = field(default_factory=asyncio.Event)
    _owners: Mapping[str, str] = field(default_factory=dict[str, str])
    _seen: Seen | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Count and look every ``BEAT_SECONDS`` until ``stop``, then leave; a store that is down changes nothing."""
        while not stop.is_set():
            if self.present:
                await self._look_once()
            await wait_for(stop, BEAT_SECONDS)
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await self.members.leave(self.member)
        except (MembersUnavailableError, TimeoutError) as error:
            log.warning("members_not_left", member=self.member, error=repr(error))

    async def look(self) -> None:
        """Count, see who is live, share the queues anew where that has changed, and forget who is long gone."""
        async with asyncio.timeout(LOOK_SECONDS):
            counts = await self.members.beat(self.member)
        now = self.clock()
        self._seen = (self._seen or Seen(now)).look(counts, now)
        live = self._seen.live() | {self.member}
        if live != self.live:
            self.live, self._owners = live, share(live, self.queues)
            log.info("share_changed", member=self.member, members=len(live), queues=self.owned())
        self.looked.set()
        if gone := self._seen.gone():
            async with asyncio.timeout(LOOK_SECONDS):
                await self.members.forget(gone)

    def owned(self) -> list[str]:
        """The queues that this process is to serve, as far as it knows."""
        return [queue for queue, owner in self._owners.items() if owner == self.member]

    def owner(self, queue: str) -> str | None:
        """Who is to serve the queue; nothing is known before the first look."""
        return self._owners.get(queue)

    async def _look_once(self) -> None:
        try:
            await self.look()
        except (MembersUnavailableError, TimeoutError) as error:
            if not self.trouble:
                log.warning("members_unavailable", member=self.member, queues=self.owned(), error=repr(error))
            self.trouble = f"the members' store does not answer, so the last known share goes on: {error!r}"
        else:
            self.trouble = ""


def behind_in_sharing(sharing: Sharing | None) -> dict[str, str]:
    """What readiness says of the share: nothing, where the process has one and knows that it is right."""
    if sharing is None:
        return {}
    if sharing.trouble:
        return {"sharing": sharing.trouble}
    owned, members = len(sharing.owned()), len(sharing.live)
    return (
        {}
        if owned or not members
        else {"sharing": f"standing by: {members} processes share {len(sharing.queues)} queues"}
    )
