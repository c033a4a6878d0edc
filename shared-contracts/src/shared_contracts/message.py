"""What every command and every event class has in common; the classes themselves stand with their concept."""

import re
from enum import StrEnum
from typing import ClassVar

from pydantic import ConfigDict

from shared_contracts.values import REFUSE_UNKNOWN_FIELDS


class Scope(StrEnum):
    """The right that a principal needs to issue a command; each command class declares one."""

    HOTEL_SETUP = "hotel:setup"
    INVENTORY_WRITE = "inventory:write"
    RESERVATIONS_WRITE = "reservations:write"
    FRONT_DESK_WRITE = "front-desk:write"
    NIGHT_AUDIT = "night-audit:write"


class Command:
    """A task that someone wants done. Subclasses are frozen records; unknown fields in a body are refused."""

    __slots__ = ()
    __pydantic_config__: ClassVar[ConfigDict] = REFUSE_UNKNOWN_FIELDS
    scope: ClassVar[Scope]


class Event:
    """What changed. Subclasses are frozen records; a reader ignores fields that a newer writer added."""

    __slots__ = ()
    version: ClassVar[int] = 1


def task_of(command: type) -> str:
    """The name of a class in URLs and documents: ``BookRoom`` is ``book-room``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", command.__name__).lower()
