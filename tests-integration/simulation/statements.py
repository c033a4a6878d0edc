"""The named statements of the command service that the processes use, by their text."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from command_service.queries import queries
from simulation import deciding_statements, other_statements

if TYPE_CHECKING:
    from simulation.sessions import Session
    from simulation.transactions import Row, Transaction

LOOK_OUTSIDE: Final = "planted: which of the commands have an outcome"
FILES: Final = {
    "deciding": deciding_statements,
    "acceptance": other_statements,
    "relay": other_statements,
    "reading": other_statements,
    "members": other_statements,
}
NOT_ASKED: Final = frozenset({"outcomes"})
"""Clients of the simulation look for themselves."""


def _one(_: "Transaction", __: "Session") -> "list[Row]":
    return [{"?column?": 1}]


def _statements() -> dict[str, Callable[..., Any]]:
    """Every statement of the files; ``LookupError`` where one has no meaning here."""
    known: dict[str, Callable[..., Any]] = {"SELECT 1": _one, LOOK_OUTSIDE: deciding_statements.outcomes_of}
    for name, meanings in FILES.items():
        for query, text in queries(name).items():
            if query in NOT_ASKED:
                continue
            meaning = getattr(meanings, query, None)
            if meaning is None:
                raise LookupError(f"{meanings.__name__} does not say what {query} of {name}.sql does")
            known[text] = meaning
    return known


STATEMENTS: Final = _statements()
