"""The questions: what each may say in its path and its query, checked before anything is read."""

import datetime as dt
import re
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from query_service.projections.nights import first_of
from query_service.projections.pages import Key, key_of
from query_service.settings import DEFAULT_PAGE, MAX_CURSOR, MAX_PAGE, MAX_POSITION, MAX_WINDOW_NIGHTS
from shared_contracts.values import MAX_PARTY, MAX_STAY_NIGHTS, HotelId, ReservationId

_ISO_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _iso_date(given: Any) -> Any:
    if isinstance(given, str) and not _ISO_DATE.fullmatch(given):
        raise ValueError("must be a date, yyyy-mm-dd")
    return given


def _month(given: str) -> str:
    first_of(given)
    return given


def _cursor(given: str) -> str:
    key_of(given)
    return given


Day = Annotated[dt.date, BeforeValidator(_iso_date)]
Month = Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$"), AfterValidator(_month)]


class OfHotel(BaseModel):
    """What every query may ask."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    hotel_id: HotelId
    """The id of the hotel."""
    min_position: int = Field(default=0, ge=0, le=MAX_POSITION)
    """Answer only from documents that hold the hotel's events up to this position; waits a little for them."""


class OfReservation(OfHotel):
    """One reservation."""

    reservation_id: ReservationId
    """The id of the reservation."""


class OfMonth(OfHotel):
    """One month."""

    month: Month
    """A month, yyyy-mm."""


class Window(OfHotel):
    """Some nights."""

    from_date: Day = Field(alias="from")
    """The first night."""
    to_date: Day = Field(alias="to")
    """The date after the last night, at most 92 nights later."""

    @field_validator("to_date")
    @classmethod
    def _after_from(cls, to_date: dt.date, info: ValidationInfo) -> dt.date:
        return _nights_after(info.data.get("from_date"), to_date, MAX_WINDOW_NIGHTS)


class Stay(OfHotel):
    """A stay that someone would like."""

    arrival: Day
    """The first night."""
    departure: Day
    """The date after the last night."""
    guests: int | None = Field(default=None, ge=1, le=MAX_PARTY)
    """How many guests; only room types that can take them are answered."""

    @field_validator("departure")
    @classmethod
    def _after_arrival(cls, departure: dt.date, info: ValidationInfo) -> dt.date:
        return _nights_after(info.data.get("arrival"), departure, MAX_STAY_NIGHTS)


class OfDate(OfHotel):
    """One date, and how much of each list."""

    date: Day
    """A local date of the hotel."""
    limit: int = Field(default=DEFAULT_PAGE, ge=1, le=MAX_PAGE)
    """How many entries at the most."""


class Page(OfHotel):
    """A page of a list."""

    limit: int = Field(default=DEFAULT_PAGE, ge=1, le=MAX_PAGE)
    """How many entries at the most."""
    after: Annotated[str, Field(max_length=MAX_CURSOR), AfterValidator(_cursor)] | None = None
    """The cursor that the page before gave as ``next``."""

    @property
    def key(self) -> Key:
        """The key that the page begins after."""
        return key_of(self.after)


class PageOfList(Page):
    """A page of a list of a date."""

    date: Day
    """A local date of the hotel."""
    which: Literal["arrivals", "departures", "in_house"]
    """Which list of the date."""


def _nights_after(first: dt.date | None, until: dt.date, most: int) -> dt.date:
    if first is not None and not 1 <= (until - first).days <= most:
        raise ValueError(f"must be 1 to {most} days after {first}")
    return until
