"""Traffic over every partition, who serves which, and whether all of it was decided once, in order, and is shown."""

import asyncio
import os
import re
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx2
import orjson

from harness.front_desk import OPENING, FrontDesk, booking
from harness.pair import Pair
from harness.process import Process
from harness.waiting import until
from shared_contracts.topology import PARTITIONS, partition_of

PACE_SECONDS: Final = 0.01
SETTLE_SECONDS: Final = 60
TAKEN: Final = re.compile(r'innkeep_queue_taken_total\{queue="([^"]+)"\} (\S+)')
ONE_ROOM: Final = OPENING | {
    "room_types": [{"code": "DBL", "name": "Double", "max_occupancy": 2, "rooms": ["101"]}],
}


@dataclass(slots=True)
class Bustle:
    """One small house a partition, each booked and cancelled again and again, without waiting for any outcome.

    A house has one room: a cancellation that is decided before its booking is refused, and a booking that is decided
    before the cancellation ahead of it finds the house full.
    """

    desks: Sequence[FrontDesk]
    sent: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    async def run(self, stop: asyncio.Event) -> None:
        """Send until ``stop``."""
        await asyncio.gather(*(self._bustle(desk, stop) for desk in self.desks))

    async def _bustle(self, desk: FrontDesk, stop: asyncio.Event) -> None:
        sent = self.sent.setdefault(desk.hotel_id, [])
        while not stop.is_set():
            sent.append(await send(desk, "book-room", booking(2, 3)))
            sent.append(await send(desk, "cancel-reservation", {"reservation_id": sent[-1]}))
            await asyncio.sleep(PACE_SECONDS)


async def send(desk: FrontDesk, task: str, body: dict[str, Any]) -> str:
    """Have a command accepted, however often it is turned away, and wait for nothing else; its id."""
    url = f"{desk.pair['command-api'].url}/v1/hotels/{desk.hotel_id}/commands/{task}"
    headers = {"Idempotency-Key": str(uuid4())}
    answer = await desk.client.post(url, json=body, headers=headers)
    while answer.status_code == 503:
        await asyncio.sleep(float(answer.headers["Retry-After"]))
        answer = await desk.client.post(url, json=body, headers=headers)
    assert answer.status_code == 202, answer.text
    return headers["Idempotency-Key"]


@asynccontextmanager
async def bustling(pair: Pair, client: httpx2.AsyncClient) -> AsyncIterator[Bustle]:
    """Traffic over all partitions."""
    names = {partition_of(name): name for name in (f"hotel-{uuid4().hex[:12]}" for _ in range(PARTITIONS * 20))}
    assert len(names) == PARTITIONS
    desks = [FrontDesk(client, pair, name) for name in names.values()]
    await asyncio.gather(*(desk.succeed("open-hotel", ONE_ROOM) for desk in desks))
    bustle, stop = Bustle(desks), asyncio.Event()
    running = asyncio.create_task(bustle.run(stop))
    try:
        yield bustle
    finally:
        stop.set()
        await running


async def taken(client: httpx2.AsyncClient, process: Process) -> dict[str, float]:
    """How many messages the process has taken from each queue."""
    metrics = (await client.get(f"{process.url}/metrics")).text
    return {queue: float(number) for queue, number in TAKEN.findall(metrics)}


async def serving(client: httpx2.AsyncClient, processes: Sequence[Process]) -> list[set[str]]:
    """The queues that each of the processes takes from now: watched until somebody has taken from every one."""
    before = [await taken(client, process) for process in processes]
    served: list[set[str]] = [set() for _ in processes]

    async def all_seen() -> bool:
        for process, was, found in zip(processes, before, served, strict=True):
            found |= {queue for queue, number in (await taken(client, process)).items() if number > was[queue]}
        return len(set[str]().union(*served)) == PARTITIONS

    await until(all_seen)
    return served


async def shares_become(client: httpx2.AsyncClient, processes: Sequence[Process], sizes: list[int]) -> float:
    """Wait until the processes serve so many queues each, and each queue is served by one; the seconds it took."""
    started = time.monotonic()

    async def so() -> bool:
        return [len(queues) for queues in await serving(client, processes)] == sizes

    await until(so, SETTLE_SECONDS)
    return time.monotonic() - started


async def all_went_well(bustle: Bustle) -> None:
    """Each command that was accepted has succeeded, once, in order; the documents are what the events say."""
    for desk in bustle.desks:
        sent = bustle.sent[desk.hotel_id]
        last = await final_outcome(desk, sent[-1])
        assert last["position"] == len(sent) + 1, "an opening and each command's event"
        events = await stream(desk)
        assert [event["position"] for event in events] == list(range(1, len(sent) + 2))
        assert [event["causation_id"] for event in events[1:]] == sent, desk.hotel_id
        desk.position = last["position"]
        await until(partial(shown, desk), SETTLE_SECONDS)
    for desk in bustle.desks:
        assert (await reconciled(desk))["drift"] == 0


async def final_outcome(desk: FrontDesk, command_id: str) -> dict[str, Any]:
    """The outcome of a command, once it has one; it has succeeded."""
    url = f"{desk.pair['command-api'].url}/v1/commands/{command_id}"
    async with asyncio.timeout(SETTLE_SECONDS):
        while True:
            outcome: dict[str, Any] = (await desk.client.get(url, headers={"Prefer": "wait=10"})).json()
            if outcome["status"] != "accepted":
                assert outcome["status"] == "succeeded", outcome
                return outcome


async def stream(desk: FrontDesk) -> list[dict[str, Any]]:
    """Every event of the hotel."""
    url, events = f"{desk.pair['command-api'].url}/v1/hotels/{desk.hotel_id}/events", list[dict[str, Any]]()
    while True:
        page = (await desk.client.get(url, params={"limit": 1000, "after": len(events)})).json()["events"]
        events += page
        if len(page) < 1000:
            return events


async def shown(desk: FrontDesk) -> bool:
    """Whether the query service shows the hotel as of its last outcome."""
    parameters = {"from": "2026-12-01", "to": "2026-12-09", "min_position": str(desk.position)}
    return (await desk.client.get(desk.url("/availability"), params=parameters)).status_code == 200


async def reconciled(desk: FrontDesk) -> dict[str, Any]:
    """What ``query-service reconcile`` reports of the desk's hotel."""
    script = str(Path(sys.executable).parent / "query-service")
    words, environment = (script, "reconcile", desk.hotel_id), {**os.environ, **desk.pair.environment}
    process = await asyncio.create_subprocess_exec(*words, env=environment, stdout=PIPE, stderr=DEVNULL)
    output, _ = await process.communicate()
    report: dict[str, Any] = orjson.loads(output)
    return report
