"""The books of one hotel in plain dictionaries: what is sold of each type and night, and what came of it.

A booking is refused where one of its nights already has as many on the books as the limit of its reserved type;
nothing that happens to it later counts. A cancellation takes all its nights off the books, a no-show all but the first,
a check-out those not stayed. Nights and revenue are those that guests stayed.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from replay.bookings import Booking
from replay.days import Step
from replay.figures import Figures, MonthFigures, adr_minor


@dataclass(slots=True)
class Tally:
    """Give it every happening in order; without ``limits`` nothing valid is refused.

    ``peak_sold`` is the most ever on the books of a reserved type for one night, ``rooms`` the most of an assigned
    type in use at one moment.
    """

    limits: Mapping[str, int] | None = None
    totals: Counter[str] = field(default_factory=Counter)
    accepted: set[int] = field(default_factory=set)
    on_the_books: Counter[tuple[str, date]] = field(default_factory=Counter)
    peak_sold: dict[str, int] = field(default_factory=dict)
    in_use: Counter[str] = field(default_factory=Counter)
    rooms: dict[str, int] = field(default_factory=dict)
    nights: Counter[str] = field(default_factory=Counter)
    revenue: Counter[str] = field(default_factory=Counter)

    def add(self, step: Step, booking: Booking) -> None:
        """Note one happening."""
        if step is Step.BOOK:
            self._book(booking)
        elif booking.row in self.accepted:
            self._go_on(step, booking)

    def figures(self, business_date: date) -> Figures:
        """What the hotel comes to when ``business_date`` is its current one."""
        return Figures(
            rows_invalid=self.totals["invalid"],
            bookings=len(self.accepted),
            bookings_refused=self.totals["refused"],
            checked_in=self.totals["checked_in"],
            checked_out=self.totals["checked_out"],
            cancelled=self.totals["cancelled"],
            no_shows=self.totals["no_shows"],
            nights_stayed=self.nights.total(),
            revenue_minor=self.revenue.total(),
            peak_sold=dict(sorted(self.peak_sold.items())),
            months={
                month: MonthFigures(nights=nights, adr_minor=adr_minor(self.revenue[month], nights))
                for month, nights in sorted(self.nights.items())
            },
            business_date=business_date,
        )

    def _book(self, booking: Booking) -> None:
        if not booking.is_valid:
            self.totals["invalid"] += 1
        elif self._is_full(booking):
            self.totals["refused"] += 1
        else:
            self.accepted.add(booking.row)
            self._sell(booking)

    def _go_on(self, step: Step, booking: Booking) -> None:
        match step:
            case Step.CANCEL_EARLIER | Step.CANCEL_SAME_DAY:
                self.totals["cancelled"] += 1
                self._free(booking, booking.arrival)
            case Step.CHECK_IN:
                self.totals["checked_in"] += 1
                self._occupy(booking.assigned_type)
            case Step.CHECK_OUT_EARLIER | Step.CHECK_OUT_SAME_DAY:
                self.totals["checked_out"] += 1
                self.in_use[booking.assigned_type] -= 1
                self._earn(booking)
                self._free(booking, booking.ended_on)
            case Step.MISS:
                self.totals["no_shows"] += 1
                self._free(booking, booking.arrival + timedelta(days=1))
            case Step.BOOK:
                raise AssertionError("a booking is made once")

    def _is_full(self, booking: Booking) -> bool:
        if self.limits is None:
            return False
        limit = self.limits[booking.reserved_type]
        nights = _nights(booking.arrival, booking.departure)
        return any(self.on_the_books[booking.reserved_type, night] >= limit for night in nights)

    def _sell(self, booking: Booking) -> None:
        code = booking.reserved_type
        for night in _nights(booking.arrival, booking.departure):
            self.on_the_books[code, night] += 1
            self.peak_sold[code] = max(self.peak_sold.get(code, 0), self.on_the_books[code, night])

    def _free(self, booking: Booking, first: date) -> None:
        for night in _nights(first, booking.departure):
            self.on_the_books[booking.reserved_type, night] -= 1

    def _occupy(self, code: str) -> None:
        self.in_use[code] += 1
        self.rooms[code] = max(self.rooms.get(code, 0), self.in_use[code])

    def _earn(self, booking: Booking) -> None:
        for night in _nights(booking.arrival, booking.ended_on):
            month = f"{night:%Y-%m}"
            self.nights[month] += 1
            self.revenue[month] += booking.amount_minor


def _nights(first: date, until: date) -> Iterator[date]:
    for day in range(first.toordinal(), until.toordinal()):
        yield date.fromordinal(day)
