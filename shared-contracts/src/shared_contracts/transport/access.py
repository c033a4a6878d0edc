"""Who asks, and what they may do: bearer tokens known by their SHA-256, each with a principal, scopes and hotels.

Without a token file everybody is ``anonymous`` and may do everything; only the development environment allows that.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter

from shared_contracts.transport.problems import Problem, ProblemError

EVERYTHING: Final = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Somebody known: the name that travels with their commands, their scopes, and the hotels they may touch."""

    name: str
    scopes: frozenset[str]
    hotels: frozenset[str]

    def require(self, scope: str) -> None:
        """``ProblemError`` 403 where they may not do what needs this scope."""
        if scope not in self.scopes and EVERYTHING not in self.scopes:
            raise ProblemError(Problem(403, "not_authorised", f"This needs the scope {scope}"))

    def require_hotel(self, hotel_id: str) -> None:
        """``ProblemError`` 403 where the hotel is not one of theirs."""
        if not self.reaches(hotel_id):
            raise ProblemError(Problem(403, "not_authorised", "This token is not for that hotel"))

    def reaches(self, hotel_id: str) -> bool:
        """Whether the hotel is one of theirs."""
        return hotel_id in self.hotels or EVERYTHING in self.hotels


ANONYMOUS: Final = Principal(name="anonymous", scopes=frozenset({EVERYTHING}), hotels=frozenset({EVERYTHING}))
_TOKENS: Final = TypeAdapter(dict[str, Principal])


@dataclass(frozen=True, slots=True)
class Access:
    """Decides on each request; ``None`` for tokens means that everybody may do everything."""

    tokens: Mapping[str, Principal] | None

    def principal(self, authorization: str | None, scope: str, hotel_id: str) -> Principal:
        """Who asks; ``ProblemError`` 401 where nobody is known, 403 where they may not do this there."""
        principal = self.known(authorization)
        principal.require(scope)
        principal.require_hotel(hotel_id)
        return principal

    def known(self, authorization: str | None) -> Principal:
        """Who asks, whatever they may do; ``ProblemError`` 401 where nobody is known."""
        if self.tokens is None:
            return ANONYMOUS
        kind, _, token = (authorization or "").partition(" ")
        principal = self.tokens.get(hashlib.sha256(token.strip().encode()).hexdigest())
        if kind.lower() != "bearer" or principal is None:
            raise ProblemError(Problem(401, "not_authenticated", "Send a known bearer token"))
        return principal


def access_of(tokens: str | None, environment: str) -> Access:
    """The rules in a JSON object, SHA-256 of a token in hex to principal; ``ValueError`` for an open production."""
    if tokens is None:
        if environment != "development":
            raise ValueError("outside development INNKEEP_TOKENS must name who may do what")
        return Access(None)
    return Access(_TOKENS.validate_json(tokens))
