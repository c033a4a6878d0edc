"""What a projection is: which documents an event touches, and what each of them is afterwards.

Everything in this package is pure: no clock, no I/O, no logging. A document that was passed in is never changed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from shared_contracts.catalog import AnyEvent
from shared_contracts.envelope import EventEnvelope

Document = Mapping[str, Any]
Change = tuple[str, Callable[[Any], Document]]
"""The id of a document, and what makes of it (``None`` where there is none yet) what it is after the event."""


class Stored(TypedDict):
    """What every document has: the id that it is asked by, its hotel, and the position of the last event in it."""

    _id: str
    hotel_id: str
    position: int


class MisplacedEventError(Exception):
    """The event cannot follow what the document holds: something before it is missing or wrong."""


@dataclass(frozen=True, slots=True)
class Projection:
    """One collection, and the changes that an event makes in it, each document at most once.

    A document that is there stays there: one that was deleted could not refuse an older event. Where each of the
    documents is ``made_by`` its first event, nobody need look for it then.
    """

    collection: str
    changes: Callable[[EventEnvelope], tuple[Change, ...]]
    made_by: type[AnyEvent] | None = None

    def makes(self, envelope: EventEnvelope) -> bool:
        """Whether what the event changes is not there yet."""
        return self.made_by is not None and isinstance(envelope.body, self.made_by)

    def keys(self, envelope: EventEnvelope) -> tuple[str, ...]:
        """The ids of the documents that the event touches."""
        return tuple(key for key, _ in self.changes(envelope))

    def project(self, key: str, document: Document | None, envelope: EventEnvelope) -> Document:
        """The document under one of the ``keys`` after the event; may raise ``MisplacedEventError``."""
        return dict(self.changes(envelope))[key](document)


def there(document: Any, key: str) -> Any:
    """The document, which an earlier event has made; ``MisplacedEventError`` where none has."""
    if document is None:
        raise MisplacedEventError(f"no event has made {key}")
    return document
