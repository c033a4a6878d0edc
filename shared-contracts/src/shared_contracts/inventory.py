"""How many rooms of a type may be sold for a night beyond, or short of, those that stand there."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, ClassVar

from pydantic import Field

from shared_contracts.message import Command, Event, Scope
from shared_contracts.values import MAX_ALLOWANCE, MAX_SPAN_NIGHTS, HotelDate, RoomTypeCode


@dataclass(frozen=True, slots=True, kw_only=True)
class SetOverbookingAllowance(Command):
    """Set the allowance of one room type for the nights ``[from_date, to_date)``; below zero withholds rooms."""

    scope: ClassVar[Scope] = Scope.INVENTORY_WRITE

    room_type: RoomTypeCode
    from_date: HotelDate
    to_date: HotelDate
    value: Annotated[int, Field(ge=-MAX_ALLOWANCE, le=MAX_ALLOWANCE)]

    def __post_init__(self) -> None:
        """Refuse an empty span and one that is too long."""
        nights = (self.to_date - self.from_date).days
        if not 1 <= nights <= MAX_SPAN_NIGHTS:
            raise ValueError(f"to_date must be 1 to {MAX_SPAN_NIGHTS} days after from_date")


@dataclass(frozen=True, slots=True, kw_only=True)
class OverbookingAllowanceSet(Event):
    """Each night of ``[from_date, to_date)`` sells up to the rooms of the type plus ``value``."""

    room_type: str
    from_date: date
    to_date: date
    value: int
