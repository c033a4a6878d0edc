"""One round on the whole path: send, wait until every document is there, and see what it cost."""

import asyncio
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final
from uuid import uuid4

import orjson

from benchmarks.load import Load, Sent
from benchmarks.processor import used
from benchmarks.stand import Stand
from benchmarks.work import opening
from replay.quiet import wait_until_quiet
from replay.service import Service, document, new_client

LOAD: Final = "load"


@dataclass(frozen=True, slots=True)
class Round:
    """What was sent, in how many seconds all of it was visible, and the processor seconds of each part meanwhile."""

    sent: Sent
    seconds: float
    processor: Mapping[str, float] = field(default_factory=dict[str, float])

    @property
    def rate(self) -> float:
        """Commands a second, from the first request until the last document was there."""
        return self.sent.accepted / self.seconds

    @property
    def microseconds(self) -> dict[str, float]:
        """Processor time a command, by part."""
        return {part: seconds / self.sent.accepted * 1e6 for part, seconds in self.processor.items()}


async def opened_hotels(stand: Stand, count: int) -> list[str]:
    """So many new hotels, open in the documents too."""
    names = [f"bench-{uuid4().hex[:12]}" for _ in range(count)]
    async with new_client(None) as client:
        command = Service(client, stand.pair["command-api"].url)
        query = Service(client, stand.pair["query-api"].url)
        for name in names:
            answer = await command.post(f"/v1/hotels/{name}/commands/open-hotel", opening(name))
            await wait_until_quiet(command, query, name, document(answer, 202)["command_id"])
    return names


async def one_round(stand: Stand, hotels: list[str], seed: int, seconds: float, **wanted: Any) -> Round:
    """Send a load as ``Load`` says; ``AssertionError`` where something was refused or did not become visible.

    The seconds hold the start of the load generator too, some tenths of a second.
    """
    load = Load(
        command_port=stand.pair["command-api"].port,
        query_port=stand.pair["query-api"].port,
        hotels=hotels,
        seed=seed,
        seconds=seconds,
        **wanted,
    )
    before, started = stand.processor_seconds(), time.monotonic()
    sent, load_seconds = await sent_by_another_process(load)
    assert not sent.refused, f"{sent.refused} of {sent.accepted} were refused"
    async with new_client(None) as client:
        command = Service(client, stand.pair["command-api"].url)
        query = Service(client, stand.pair["query-api"].url)
        for hotel, last in sent.last.items():
            await wait_until_quiet(command, query, hotel, last)
    took = time.monotonic() - started
    return Round(sent, took, used(before, stand.processor_seconds()) | {LOAD: load_seconds})


async def sent_by_another_process(load: Load) -> tuple[Sent, float]:
    """Run the load generator; what it sent, and the processor seconds that it used."""
    found = await answered_by("benchmarks.load", load)
    processor: float = found.pop("processor")
    return Sent(**found), processor


async def answered_by(module: str, wanted: Any) -> dict[str, Any]:
    """Run the module as a process of its own with the record on its standard input; what it wrote."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate(orjson.dumps(asdict(wanted)))
    assert process.returncode == 0, f"{module} failed; what it said stands above"
    found: dict[str, Any] = orjson.loads(said)
    return found
