"""The figures of one hotel as the query API tells them, and nothing else does."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from replay.days import Span
from replay.figures import Figures, MonthFigures
from replay.sender import Sent
from replay.service import Service, document

MAX_WINDOW_NIGHTS: Final = 92
SUMS: Final = ("bookings", "arrivals", "departures", "cancellations", "no_shows", "rooms_sold", "revenue_minor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Reads one hotel; every answer holds the event at ``position``."""

    query: Service
    hotel_id: str
    span: Span
    position: int

    async def figures(self, sent: Sent) -> Figures:
        """Everything that is compared. Bookings refused are those that were ``sent`` and that no document knows."""
        hotel = await self._read("")
        months = {month: (await self._read(f"/statistics/{month}"))["month_figures"] for month in _months(self.span)}
        sums = {name: sum(month[name] for month in months.values()) for name in SUMS}
        return Figures(
            rows_invalid=sent.invalid,
            bookings=sums["bookings"],
            bookings_refused=sent.bookings - sums["bookings"],
            checked_in=sums["arrivals"],
            checked_out=sums["departures"],
            cancelled=sums["cancellations"],
            no_shows=sums["no_shows"],
            nights_stayed=sums["rooms_sold"],
            revenue_minor=sums["revenue_minor"],
            peak_sold=await self._peaks(),
            months={
                month: MonthFigures(nights=read["rooms_sold"], adr_minor=read["adr_minor"])
                for month, read in months.items()
                if read["rooms_sold"]
            },
            business_date=date.fromisoformat(hotel["business_date"]),
        )

    async def _peaks(self) -> dict[str, int]:
        peaks: Counter[str] = Counter()
        for first, until in _windows(self.span):
            window = await self._read("/availability", {"from": first.isoformat(), "to": until.isoformat()})
            for room_type in window["room_types"]:
                highest = max(night["peak_sold"] for night in room_type["nights"])
                peaks[room_type["code"]] = max(peaks[room_type["code"]], highest)
        return {code: peak for code, peak in sorted(peaks.items()) if peak}

    async def _read(self, path: str, params: dict[str, str] | None = None) -> dict[str, Any]:
        wanted: dict[str, str | int] = {**(params or {}), "min_position": self.position}
        return document(await self.query.get(f"/v1/hotels/{self.hotel_id}{path}", wanted))


def _months(span: Span) -> Iterator[str]:
    year, month = span.first_arrival.year, span.first_arrival.month
    while (year, month) <= (span.last_departure.year, span.last_departure.month):
        yield f"{year}-{month:02d}"
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def _windows(span: Span) -> Iterator[tuple[date, date]]:
    first = span.first_arrival
    while first < span.last_departure:
        until = min(first + timedelta(days=MAX_WINDOW_NIGHTS), span.last_departure)
        yield first, until
        first = until
