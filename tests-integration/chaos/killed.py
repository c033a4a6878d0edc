"""The line of a figure that kills: what was lost and what came twice; red also where no kill overlapped any work."""

from collections.abc import Mapping, Sequence
from typing import Final

from chaos.figure import Figure, Result
from chaos.kills import Deaths
from checks.violation import Violation

TWICE: Final = frozenset({"V2", "V3"})
SHOWN: Final = 3


def lost_and_twice(violations: Sequence[Violation]) -> str:
    """How many violations are of something lost or wrong, and how many of something that happened twice."""
    twice = sum(violation.check in TWICE for violation in violations)
    return f"{len(violations) - twice} / {twice}"


def killed(
    figure: Figure, deaths: Deaths, violations: Sequence[Violation], proofs: Mapping[str, int], value: str = ""
) -> Result:
    """``proofs`` say that something was under way: each is above zero, or the figure is missed with that reason."""
    idle = [name for name, count in proofs.items() if not count]
    told = {**proofs, "of the kills at crash points": deaths.at_points}
    notes = [", ".join(f"{name} {count}" for name, count in told.items())]
    notes += [f"nothing to count: {', '.join(idle)}"] if idle else []
    notes += [str(violation) for violation in violations[:SHOWN]]
    met = not violations and not idle
    return Result(figure.name, deaths.kills, value or lost_and_twice(violations), figure.target, met, "; ".join(notes))
