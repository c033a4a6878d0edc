"""The slow round through all hotels that compares documents with events, and says where they differ.

It repairs nothing. It rests most of the time, so that projection hardly notices. A hotel that stands still since it was
found right is compared with the digest of then, which needs no event.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from query_service.checkpoint import Checkpoint
from query_service.documents import DocumentsUnavailableError
from query_service.feed import FeedUnavailableError, Heads
from query_service.metrics import ProjectorMetrics
from query_service.reconciling import Difference, Reconciling, Report
from query_service.settings import (
    MAX_DIFFERENCES,
    MAX_DIFFERENCES_LOGGED,
    MAX_ROUND_REST_SECONDS,
    POSITIONS_PAGE,
    ROUND_RESTS,
    ROUND_RETRY_SECONDS,
    ROUND_SECONDS,
    SECOND_LOOK_SECONDS,
)
from shared_contracts.topology import events_queue, partition_of
from shared_contracts.transport.sharing import Sharing
from shared_contracts.transport.waiting import wait_for

log = structlog.get_logger()


class StoppedError(Exception):
    """The process is to stop: the round ends where it is."""


class LastPositions(Protocol):
    """Where all hotels are told; see ``feed.Feed``."""

    async def heads(self, after: str, limit: int) -> Heads:
        """A page of them."""
        ...


@dataclass(slots=True)
class Pace:
    """Rests ``rests`` times as long as was worked since the last rest; raises ``StoppedError`` at ``stop``."""

    stop: asyncio.Event
    clock: Callable[[], float] = time.monotonic
    rests: float = ROUND_RESTS
    longest: float = MAX_ROUND_REST_SECONDS
    _since: float | None = None

    async def rest(self) -> None:
        """Rest now."""
        worked = 0.0 if self._since is None else self.clock() - self._since
        await self.pause(min(worked * self.rests, self.longest))

    async def pause(self, seconds: float) -> None:
        """Rest so long."""
        if await wait_for(self.stop, seconds):
            raise StoppedError
        self._since = self.clock()


@dataclass(frozen=True, slots=True)
class Right:
    """A hotel as it was found right."""

    checkpoint: Checkpoint
    digest: str
    documents: int


@dataclass(slots=True)
class Rounds:
    """Goes round the hotels that it ``owns``; ``diverged`` is told those of another history.

    ``drift`` holds the number of documents that differ by hotel, ``trouble`` why a hotel could not be compared.
    """

    reconciling: Reconciling
    feed: LastPositions
    owns: Callable[[str], bool]
    diverged: Callable[[str, int], None]
    metrics: ProjectorMetrics
    pace: Pace
    round_seconds: float = ROUND_SECONDS
    retry_seconds: float = ROUND_RETRY_SECONDS
    second_look_seconds: float = SECOND_LOOK_SECONDS
    clock: Callable[[], float] = time.time
    drift: dict[str, int] = field(default_factory=dict[str, int])
    trouble: str = ""
    _right: dict[str, Right] = field(default_factory=dict[str, Right])

    async def run(self, stop: asyncio.Event) -> None:
        """Go round until ``stop``, a round every ``round_seconds`` at most; sooner where the feed did not answer."""
        while not stop.is_set():
            try:
                went_round = await self.once()
                await self.pace.pause(self.round_seconds if went_round else self.retry_seconds)
            except StoppedError:
                return

    async def once(self) -> bool:
        """Look at every hotel once; whether all were known. Who cannot be compared now is left for the next round."""
        trouble, seen = "", set[str]()
        following: str | None = ""
        while following is not None:
            try:
                page = await self.feed.heads(following, POSITIONS_PAGE)
            except FeedUnavailableError as error:
                self.trouble = str(error)
                return False
            following = page.following
            for hotel in filter(self.owns, page.positions):
                seen.add(hotel)
                trouble = await self._hotel(hotel) or trouble
                await self.pace.rest()
        for known in (self.drift, self._right):
            for hotel in known.keys() - seen:
                known.pop(hotel)
        self.trouble = trouble
        self.metrics.compared(0, sum(self.drift.values()))
        if not trouble:
            self.metrics.went_round(self.clock())
        return True

    async def _hotel(self, hotel: str) -> str:
        """Compare one; what is in the way."""
        try:
            documents = await self._compare(hotel)
        except (FeedUnavailableError, DocumentsUnavailableError) as error:
            log.warning("hotel_not_compared", hotel=hotel, error=str(error))
            return f"{hotel}: {error}"
        self.metrics.compared(documents, sum(self.drift.values()))
        return ""

    async def _compare(self, hotel: str) -> int:
        """Note what differs, where two looks say so; how many documents were compared."""
        checkpoint, divergence = await self.reconciling.stand(hotel)
        if divergence is not None:
            self.drift.pop(hotel, None)
            self.diverged(hotel, 0)
            return 0
        known = self._right.get(hotel)
        stood = known is not None and known.checkpoint == checkpoint
        if known is not None and stood and str(await self.reconciling.digest(hotel)) == known.digest:
            return known.documents
        report = await self.reconciling.hotel(hotel)
        if report.drift:
            self._right.pop(hotel, None)
            self._note(*await self._again(hotel, report))
        else:
            self._note(report, [])
            if report.digest is not None and report.checkpoint == checkpoint.position:
                self._right[hotel] = Right(checkpoint, report.digest, report.documents)
        return report.documents

    async def _again(self, hotel: str, first: Report) -> tuple[Report, list[Difference]]:
        """A second look, and what both looks found; a document that was being written differs in one of them only."""
        await self.pace.pause(self.second_look_seconds)
        second = await self.reconciling.hotel(hotel)
        before = {(found.collection, found.document_id) for found in first.differences}
        both = [found for found in second.differences if (found.collection, found.document_id) in before]
        if second.drift <= MAX_DIFFERENCES:
            second.drift = len(both)
        return second, both

    def _note(self, report: Report, differences: list[Difference]) -> None:
        self.drift.pop(report.hotel_id, None)
        if report.fault is not None:
            raise FeedUnavailableError(f"event {report.fault.position} cannot be compared: {report.fault.reason}")
        if report.drift:
            self.drift[report.hotel_id] = report.drift
            log.error(
                "documents_differ",
                hotel=report.hotel_id,
                position=report.checkpoint,
                drift=report.drift,
                documents=[f"{d.collection} {d.document_id}: {d.kind}" for d in differences[:MAX_DIFFERENCES_LOGGED]],
            )


def share_of(sharing: Sharing) -> Callable[[str], bool]:
    """Whether this process is to serve the hotel's partition, so that each hotel is compared by one projector."""
    return lambda hotel: sharing.owner(events_queue(partition_of(hotel))) == sharing.member
