"""The capacity rule: how many rooms of a type a night may sell. Its only home."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from immutables import Map

from command_service.domain.rejected import Rejected
from shared_contracts.rejections import RejectionCode

MAX_NIGHTS_IN_FACTS = 31


@dataclass(frozen=True, slots=True)
class NightCount:
    """One room type on one night: rooms sold, and the allowance beyond (or short of) the physical rooms."""

    sold: int = 0
    allowance: int = 0


NOTHING_SOLD = NightCount()
TypeNight = tuple[str, date]
Inventory = Map[TypeNight, NightCount]


def take(inventory: Inventory, room_type: str, nights: Iterable[date]) -> Inventory:
    """The inventory with one room more sold on each night."""
    return _sell(inventory, room_type, nights, 1)


def give_back(inventory: Inventory, room_type: str, nights: Iterable[date]) -> Inventory:
    """The inventory with one room less sold on each night."""
    return _sell(inventory, room_type, nights, -1)


def allow(inventory: Inventory, room_type: str, nights: Iterable[date], value: int) -> Inventory:
    """The inventory with the allowance set on each night."""
    changed = inventory.mutate()
    for night in nights:
        key = (room_type, night)
        changed[key] = NightCount(inventory.get(key, NOTHING_SOLD).sold, value)
    return changed.finish()


def refuse_full(inventory: Inventory, room_type: str, physical: int, nights: Iterable[date]) -> Rejected | None:
    """``no_availability`` with the nights on which not one room is left; nothing where every night has one."""
    full = []
    for night in nights:
        count = inventory.get((room_type, night), NOTHING_SOLD)
        if count.sold >= physical + count.allowance:
            full.append(night)
    return _with_nights(RejectionCode.NO_AVAILABILITY, full)


def refuse_oversold(
    inventory: Inventory,
    room_type: str,
    physical: int,
    nights: Iterable[date],
    value: int,
) -> Rejected | None:
    """``would_oversell`` with the nights that have sold more than ``value`` would allow; else nothing."""
    over = [night for night in nights if inventory.get((room_type, night), NOTHING_SOLD).sold > physical + value]
    return _with_nights(RejectionCode.WOULD_OVERSELL, over)


def _sell(inventory: Inventory, room_type: str, nights: Iterable[date], rooms: int) -> Inventory:
    changed = inventory.mutate()
    for night in nights:
        key = (room_type, night)
        count = inventory.get(key, NOTHING_SOLD)
        changed[key] = NightCount(count.sold + rooms, count.allowance)
    return changed.finish()


def _with_nights(code: RejectionCode, nights: list[date]) -> Rejected | None:
    if not nights:
        return None
    named = [night.isoformat() for night in nights[:MAX_NIGHTS_IN_FACTS]]
    return Rejected(code, {"nights": named, "nights_in_all": len(nights)})
