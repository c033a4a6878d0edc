"""A reader who never stops asking: the documents of some hotels and their event streams, while everything breaks.

It notes the positions that each answer is made of, and follows each stream to its end.
"""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

import httpx2

from harness.front_office import WINDOW_NIGHTS, House
from harness.history import History
from harness.world import World

PAUSE_SECONDS: Final = 0.04
FEED_PAGE: Final = 500


@dataclass(slots=True)
class Reader:
    """Looks at one resource of one house after the other; answers that are no 200 tell nothing."""

    world: World
    history: History
    houses: Sequence[House]
    heads: dict[str, int] = field(default_factory=dict[str, int])

    async def run(self) -> None:
        """Look until cancelled."""
        for number in itertools.count():
            for house in self.houses:
                resources = self._resources(house)
                await self._look(house, resources[number % len(resources)])
                await self._follow(house)
                await asyncio.sleep(PAUSE_SECONDS)

    def _resources(self, house: House) -> list[str]:
        # Fixed dates, so that the same resource is asked again and again.
        month = house.business_date.replace(day=1)
        until = month + timedelta(days=WINDOW_NIGHTS)
        own = f"/v1/hotels/{house.hotel_id}"
        resources = ["", f"/availability?from={month}&to={until}", "/room-rack", f"/front-desk/{house.business_date}"]
        resources += [f"/statistics/{month:%Y-%m}"]
        resources += [f"/reservations/{stay.id}" for stay in list(house.booked)[:1]]
        return [own + resource for resource in resources]

    async def _look(self, house: House, resource: str) -> None:
        try:
            answer = await self.world.client.get(self.world.query_url + resource)
        except httpx2.HTTPError:
            return
        if answer.status_code != 200:
            return
        self.history.look(resource, positions_of(answer.headers["etag"]))
        if "business_date" in (document := answer.json()):
            house.business_date = date.fromisoformat(document["business_date"])

    async def _follow(self, house: House) -> None:
        """Read the stream on from where the last page ended, as a subscriber does."""
        after = self.heads.get(house.hotel_id, 0)
        resource = f"/v1/hotels/{house.hotel_id}/events"
        try:
            answer = await self.world.client.get(
                self.world.command_url + resource, params={"after": after, "limit": FEED_PAGE}
            )
        except httpx2.HTTPError:
            return
        if answer.status_code != 200:
            return
        page = answer.json()
        positions = [event["position"] for event in page["events"]]
        self.history.look(f"{resource} head", [page["head"]])
        if positions:
            self.history.look(f"{resource} after", [after, *positions])
            self.heads[house.hotel_id] = positions[-1]


def positions_of(tag: str) -> list[int]:
    """The positions in an ``ETag`` of the query service; behind them the number of the hotel's repairs."""
    _, *parts = tag.strip('"').split("-")
    repairs = parts.pop().removeprefix("r") if parts[-1].startswith("r") else "0"
    return [int(part) for part in (*parts, repairs)]
