"""The figures of one hotel after its last day: counted from the file, or read back; and where the two differ."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

Difference = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthFigures:
    """The nights stayed in one month, and what one brought on average."""

    nights: int
    adr_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What both sides must agree on; ``months`` holds those in which somebody stayed, by ``yyyy-mm``."""

    rows_invalid: int
    bookings: int
    bookings_refused: int
    checked_in: int
    checked_out: int
    cancelled: int
    no_shows: int
    nights_stayed: int
    revenue_minor: int
    peak_sold: Mapping[str, int]
    months: Mapping[str, MonthFigures]
    business_date: date


def adr_minor(revenue_minor: int, nights: int) -> int:
    """The average daily rate, rounded half up as people round it."""
    return (2 * revenue_minor + nights) // (2 * nights)


def differences(counted: Figures, read: Figures) -> list[Difference]:
    """Each figure that is not the same, by its path, with both values; none of one that only one side has."""
    left, right = dict(_flat("", asdict(counted))), dict(_flat("", asdict(read)))
    return [
        {"figure": path, "counted": left.get(path), "read": right.get(path)}
        for path in sorted(left.keys() | right.keys())
        if left.get(path) != right.get(path)
    ]


def _flat(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _flat(f"{path}.{name}" if path else str(name), part)
    else:
        yield path, value
