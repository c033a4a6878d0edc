"""A server that is away for a while under traffic: what clients are told meanwhile, and how soon all is caught up."""

import asyncio
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import httpx2

from chaos.looks import Looks
from chaos.trial import Trial
from harness.history import Answer, Answered, History
from harness.settling import HEADS, OUTBOXES
from harness.waiting import until

DRAIN_SECONDS: Final = 120.0
TOLD_SECONDS: Final = 30.0
UNDECIDED: Final = """
SELECT count(*) FROM unnest($1::uuid[]) AS sent (id) WHERE NOT EXISTS (SELECT FROM outcome WHERE command_id = sent.id)
"""

Heads = dict[str, int]
"""The last position of each hotel's stream."""


@dataclass(frozen=True, slots=True)
class Outage:
    """``answers`` are those to requests that began and ended while the server was away.

    ``waited`` is what waited for it at the end: rows that are not sent, and events that are not in the documents.
    ``drained`` are the seconds from when it served again until what was acknowledged before is decided and shown.
    """

    answers: list[Answer] = field(default_factory=list[Answer])
    waited: int = 0
    drained: float = 0.0

    @property
    def turned_away(self) -> Counter[int]:
        """How often each HTTP status was answered that is no acceptance; 0 is no answer."""
        return Counter(answer.status for answer in self.answers if answer.result is not Answered.OK)


async def outage(trial: Trial, server: str, seconds: float, looks: Looks, told: int | None = None) -> Outage:
    """Kill the server, start it again after so many seconds, and wait until all has been caught up with.

    With ``told``, it stays away until somebody has heard that status, or ``TOLD_SECONDS`` longer.
    """
    world, history = trial.world, trial.history
    before = await heads(trial)
    history.harm("away", server, trial.load.open_requests)
    began = time.monotonic()
    await world.kill_server(server)
    if server == "mongodb":
        looks.begin_again()
    await asyncio.sleep(seconds)
    if told is not None:
        with suppress(TimeoutError):
            await until(lambda: any(answer.status == told for answer in since(history, began)), TOLD_SECONDS)
    ended, sent = time.monotonic(), history.acknowledged()
    waited, shown = 0, Heads()
    if server != "postgres":
        shown = await heads(trial)
        waited = await unsent(trial) if server == "rabbitmq" else sum(shown.values()) - sum(before.values())
    world.tallies.recoveries[f"{server} start"].append(await world.start_server(server))
    drained = await caught_up(trial, sent, shown)
    return Outage([answer for answer in since(history, began) if answer.at <= ended], waited, drained)


def since(history: History, began: float) -> list[Answer]:
    """The answers to all that was sent since then."""
    return [answer for of_one in history.answers.values() for answer in of_one if began <= answer.sent]


async def heads(trial: Trial) -> Heads:
    """The last positions of the trial's hotels."""
    async with trial.world.database() as database:
        return {row["hotel_id"]: row["position"] for row in await database.fetch(HEADS, trial.hotels)}


async def unsent(trial: Trial) -> int:
    """Rows in the outboxes."""
    async with trial.world.database() as database:
        return int(await database.fetchval(OUTBOXES))


async def caught_up(trial: Trial, sent: set[str], shown: Heads) -> float:
    """Wait until these commands have outcomes, and documents these positions; the seconds. The traffic goes on."""
    began = time.monotonic()

    async def all_through() -> bool:
        async with trial.world.database() as database:
            if await database.fetchval(UNDECIDED, list(sent)):
                return False
        return all(await asyncio.gather(*(shows(trial, hotel, head) for hotel, head in shown.items())))

    await until(all_through, DRAIN_SECONDS)
    return time.monotonic() - began


async def shows(trial: Trial, hotel: str, head: int) -> bool:
    """Whether the documents of the hotel hold that position."""
    url = f"{trial.world.query_url}/v1/hotels/{hotel}"
    try:
        answer = await trial.world.client.get(url, params={"min_position": head})
    except httpx2.HTTPError:
        return False
    return answer.status_code == 200
