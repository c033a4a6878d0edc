"""How fast a projector makes documents, from its first event to its last, as it counts them itself."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from harness.counting import scrape
from harness.world import World

PROJECTED: Final = "innkeep_projected_events_total"
PAUSE_SECONDS: Final = 0.05


@dataclass(slots=True)
class Making:
    """``events`` were projected in the ``seconds`` from the moment when the first were seen."""

    events: int = 0
    seconds: float = 0.0

    async def watch(self, world: World) -> None:
        """Look until cancelled."""
        began, before = time.monotonic(), 0
        while True:
            counted = int((await scrape(world.client, world["projector"].url)).get(PROJECTED, 0))
            if not before:
                began, before = time.monotonic(), counted
            elif counted - before > self.events:
                self.events, self.seconds = counted - before, time.monotonic() - began
            await asyncio.sleep(PAUSE_SECONDS)


@asynccontextmanager
async def watched(world: World) -> AsyncIterator[Making]:
    """Watch the world's projector for as long as the context lasts."""
    making = Making()
    watching = asyncio.create_task(making.watch(world))
    try:
        yield making
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
