"""One value for all the documents of a hotel, so that stores, backups and rebuilds can be compared. Pure."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import orjson

from query_service.projections.projection import Document

_MODULUS: Final = 2**256


@dataclass(slots=True)
class Digest:
    """Grows document by document, in any order: equal documents have equal digests, in whatever store they are."""

    documents: int = 0
    _sum: int = 0

    def add(self, collection: str, document: Document) -> None:
        """Take one document in; each once."""
        body = orjson.dumps([collection, document], option=orjson.OPT_SORT_KEYS, default=str)
        self._sum = (self._sum + int.from_bytes(sha256(body).digest())) % _MODULUS
        self.documents += 1

    def __str__(self) -> str:
        """The digest, in hexadecimal digits."""
        return f"{self._sum:064x}"
