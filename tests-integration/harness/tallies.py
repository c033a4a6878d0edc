"""What the figures of one run leave for those that sum it up."""

from collections import defaultdict
from dataclasses import dataclass, field


@dataclass(slots=True)
class Planted:
    """Poison that was planted so far: command messages by body, accepted commands by id, event messages by name."""

    bodies: list[bytes] = field(default_factory=list[bytes])
    commands: list[str] = field(default_factory=list[str])
    messages: list[str] = field(default_factory=list[str])
    hotels: list[str] = field(default_factory=list[str])


@dataclass(slots=True)
class Tallies:
    """``recoveries`` are seconds from each restart of a role or server to its next success.

    ``looks`` is how often the readers looked, and ``went_back`` what they saw go back or skip. ``left_behind``: a
    figure raised, so what it has left parked is nobody's fault from then on.
    """

    recoveries: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    looks: int = 0
    went_back: list[str] = field(default_factory=list[str])
    planted: Planted = field(default_factory=Planted)
    left_behind: bool = False
