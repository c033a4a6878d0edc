"""A refusal, as a value."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared_contracts.rejections import RejectionCode

Fact = str | int | bool | list[str]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A rule said no: which one, and the facts that a caller can act on (dates as ISO strings)."""

    code: RejectionCode
    facts: Mapping[str, Fact] = field(default_factory=dict)
