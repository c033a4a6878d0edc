"""The cells of one row of a file of bookings, each read as what it must be; an error says where and what to do."""

import re
from calendar import month_name
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from sys import intern
from typing import Final

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2200
MAX_COUNT: Final = 9_999
MINOR_UNITS: Final = 100

_MONTHS: Final = {name: number for number, name in enumerate(month_name) if name}
_NOTHING: Final = frozenset({"", "NA", "NULL"})
_TYPE_CODE: Final = re.compile(r"[A-Z0-9]{1,16}")
_DIGITS: Final = re.compile(r"[0-9]+")
_NAME: Final = re.compile(r"[^\x00-\x1f\x7f]{1,100}")


class BookingsError(Exception):
    """The file cannot be read as bookings; the text says where and what to do."""


@dataclass(frozen=True, slots=True)
class Cells:
    """One row by column; every method may raise ``BookingsError``."""

    row: int
    by_column: Mapping[str, str]

    def whole(self, column: str, *, optional: bool = False) -> int:
        """A count; one that is ``optional`` is zero where the file says that it is not known."""
        text = self.by_column[column]
        if optional and text in _NOTHING:
            return 0
        if not _DIGITS.fullmatch(text) or int(text[:10]) > MAX_COUNT:
            raise self.wrong(column, f"must be a whole number of 0 to {MAX_COUNT}")
        return int(text)

    def minor(self, column: str) -> int:
        """An amount, exactly, in hundredths; it may be below zero."""
        try:
            amount = Decimal(self.by_column[column]) * MINOR_UNITS
        except InvalidOperation:
            raise self.wrong(column, "must be an amount such as 75.50") from None
        if not amount.is_finite() or amount != amount.to_integral_value():
            raise self.wrong(column, "must be an amount of at most two decimals")
        return int(amount)

    def room_type(self, column: str) -> str:
        """A room type's code."""
        return self._matching(column, _TYPE_CODE, "must be 1 to 16 capital letters and digits")

    def name(self, column: str) -> str:
        """A name for people."""
        return self._matching(column, _NAME, "must be a name of at most 100 characters")

    def day(self, column: str) -> date:
        """A date in ISO's spelling."""
        try:
            return date.fromisoformat(self.by_column[column])
        except ValueError:
            raise self.wrong(column, "must be a date such as 2016-08-31") from None

    def day_of(self, year_column: str, month_column: str, day_column: str) -> date:
        """A date in three cells, the month by its English name."""
        year, day = self.whole(year_column), self.whole(day_column)
        month = _MONTHS.get(self.by_column[month_column])
        if month is None:
            raise self.wrong(month_column, "must be the English name of a month")
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise self.wrong(year_column, f"must be a year of {FIRST_YEAR} to {LAST_YEAR}")
        try:
            return date(year, month, day)
        except ValueError:
            raise self.wrong(day_column, "must be a day of that month") from None

    def wrong(self, column: str, what: str) -> BookingsError:
        """The error that names this row, the column and its value, and says what it must be."""
        value = self.by_column[column][:50]
        return BookingsError(f"row {self.row}, column {column}: {value!r} {what}; correct it or take the row out")

    def _matching(self, column: str, pattern: re.Pattern[str], what: str) -> str:
        text = self.by_column[column]
        if not pattern.fullmatch(text):
            raise self.wrong(column, what)
        return intern(text)
