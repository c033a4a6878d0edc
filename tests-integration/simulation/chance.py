"""Everything that is left to chance in a run, drawn from one seed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar
from uuid import UUID

Option = TypeVar("Option")


@dataclass(slots=True)
class Chance:
    """A seeded source. Nothing else in a world may be random."""

    seed: int
    random: Random = field(init=False)

    def __post_init__(self) -> None:
        """Begin at the seed."""
        self.random = Random(self.seed)

    def happens(self, probability: float) -> bool:
        """Whether it does, this time; what is impossible costs no draw."""
        return probability > 0 and self.random.random() < probability

    def between(self, low: float, high: float) -> float:
        """A number of the interval."""
        return low + self.random.random() * (high - low)

    def whole(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + int(self.random.random() * (high - low + 1))

    def pick(self, options: Sequence[Option]) -> Option:
        """One of them."""
        return options[int(self.random.random() * len(options))]

    def identity(self) -> UUID:
        """A new id."""
        return UUID(int=self.random.getrandbits(128))
