"""What the processes count of themselves, added up over all that ever ran under a name, as far as they were heard."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

import httpx2

from harness.world import World

PAUSE_SECONDS: Final = 0.15
SCRAPE_SECONDS: Final = 1.0

Counts = dict[str, float]


@dataclass(slots=True)
class Counting:
    """The last counts heard of each process that ran, by name and process id. A killed one's last moments are lost."""

    world: World
    heard: dict[tuple[str, int], Counts] = field(default_factory=dict[tuple[str, int], Counts])
    before: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    async def begin(self) -> None:
        """Count from here on."""
        await self.hear_all()
        for (name, _), counts in self.heard.items():
            for metric, value in counts.items():
                self.before[f"{name} {metric}"] += value

    async def run(self) -> None:
        """Hear all processes again and again until cancelled."""
        while True:
            await self.hear_all()
            await asyncio.sleep(PAUSE_SECONDS)

    async def hear_all(self) -> None:
        """Hear each process once."""
        await asyncio.gather(*(self.hear(name) for name in list(self.world.pair.processes)))

    async def hear(self, name: str) -> Counts:
        """What the process counts now; nothing where it does not answer."""
        process = self.world[name]
        pid = process.pid
        counts = await scrape(self.world.client, process.url)
        if counts and process.pid == pid:
            self.heard[name, pid] = counts
        return counts

    def total(self, name: str, metric: str) -> int:
        """How much the metric has grown since ``begin``, over all processes of that name."""
        found = sum(counts.get(metric, 0.0) for (of, _), counts in self.heard.items() if of == name)
        return round(found - self.before[f"{name} {metric}"])


async def scrape(client: httpx2.AsyncClient, url: str) -> Counts:
    """Every metric of a process, the samples of its labels added up; nothing where it does not answer."""
    try:
        answer = await client.get(f"{url}/metrics", timeout=SCRAPE_SECONDS)
    except httpx2.HTTPError:
        return {}
    if answer.status_code != 200:
        return {}
    counts: Counts = defaultdict(float)
    for line in answer.text.splitlines():
        if not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            counts[name.partition("{")[0]] += float(value)
    return dict(counts)
