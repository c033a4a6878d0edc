"""Values that commands, events and DTOs are made of; each is valid once it exists.

Dates are local to the hotel, periods are half-open, money is an integer of minor units with its currency.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache
from typing import Annotated, ClassVar, Final
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, ConfigDict, Field

from shared_contracts.currencies import ACTIVE_CURRENCIES

MAX_STAY_NIGHTS: Final = 366
MAX_SPAN_NIGHTS: Final = 1_100
MAX_PARTY: Final = 100
MAX_AMOUNT_MINOR: Final = 1_000_000_000_000
MAX_ROOMS_OF_A_TYPE: Final = 1_000
MAX_ROOM_TYPES: Final = 50
MAX_ALLOWANCE: Final = 10_000
PERIODS_REMEMBERED: Final = 1_024
NIGHTS_REMEMBERED: Final = 31

REFUSE_UNKNOWN_FIELDS: Final = ConfigDict(extra="forbid")


def _known_currency(code: str) -> str:
    if code not in ACTIVE_CURRENCIES:
        raise ValueError("is not an active ISO 4217 currency code")
    return code


def _known_time_zone(name: str) -> str:
    if name not in _time_zones():
        raise ValueError("is not a time zone of the IANA database")
    return name


@cache
def _time_zones() -> frozenset[str]:
    """The names that mean the same on every machine, looked up once."""
    odd = {"localtime", "posixrules", "Factory"}
    return frozenset(name for name in available_timezones() - odd if not name.startswith(("posix/", "right/")))


HotelDate = Annotated[date, Field(ge=date(1990, 1, 1), le=date(2199, 12, 31))]
HotelId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
RoomTypeCode = Annotated[str, Field(pattern=r"^[A-Z0-9]{1,16}$")]
RoomNumber = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,9}$")]
Title = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Currency = Annotated[str, Field(min_length=3, max_length=3), AfterValidator(_known_currency)]
TimeZone = Annotated[str, Field(max_length=64), AfterValidator(_known_time_zone)]
AmountMinor = Annotated[int, Field(ge=0, le=MAX_AMOUNT_MINOR)]
ReservationId = UUID
GuestId = UUID


def nights_between(first: date, until: date) -> tuple[date, ...]:
    """Every date of the half-open period ``[first, until)``, in order; none where it is empty."""
    start, end = first.toordinal(), until.toordinal()
    return _known_days(start, end) if end - start <= NIGHTS_REMEMBERED else _days(start, end)


def _days(start: int, end: int) -> tuple[date, ...]:
    return tuple(date.fromordinal(day) for day in range(start, end))


_known_days: Final = lru_cache(PERIODS_REMEMBERED)(_days)
"""A stay is asked for its nights again and again until it is stored; some megabyte at the most."""


@dataclass(frozen=True, slots=True)
class StayPeriod:
    """The nights ``[arrival, departure)``: at least one, at most ``MAX_STAY_NIGHTS``; else ``ValueError``."""

    __pydantic_config__: ClassVar[ConfigDict] = REFUSE_UNKNOWN_FIELDS

    arrival: HotelDate
    departure: HotelDate

    def __post_init__(self) -> None:
        """Refuse a stay without a night and one that is too long."""
        if self.departure <= self.arrival:
            raise ValueError("departure must be after arrival")
        if self.departure - self.arrival > timedelta(days=MAX_STAY_NIGHTS):
            raise ValueError(f"a stay has at most {MAX_STAY_NIGHTS} nights")

    @property
    def nights(self) -> tuple[date, ...]:
        """The dates of its nights, in order."""
        return nights_between(self.arrival, self.departure)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of an ISO 4217 currency, zero or more."""

    __pydantic_config__: ClassVar[ConfigDict] = REFUSE_UNKNOWN_FIELDS

    amount_minor: AmountMinor
    currency: Currency


@dataclass(frozen=True, slots=True)
class Party:
    """Who stays: one to ``MAX_PARTY`` guests; else ``ValueError``."""

    __pydantic_config__: ClassVar[ConfigDict] = REFUSE_UNKNOWN_FIELDS

    adults: Annotated[int, Field(ge=0)]
    children: Annotated[int, Field(ge=0)] = 0

    def __post_init__(self) -> None:
        """Refuse an empty party and one that is too large."""
        if not 1 <= self.size <= MAX_PARTY:
            raise ValueError(f"a party has 1 to {MAX_PARTY} guests")

    @property
    def size(self) -> int:
        """Adults and children together."""
        return self.adults + self.children
