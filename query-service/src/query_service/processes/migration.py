"""The composition root of ``query-service migrate``."""

from contextlib import closing

from query_service.documents import documents_of
from query_service.readiness import needed
from query_service.settings import PROJECTOR_SECONDS, Settings


async def migrate(settings: Settings) -> None:
    """Create the collections of this release that are missing."""
    with closing(documents_of(settings, PROJECTOR_SECONDS)) as documents:
        await documents.create(await needed(documents))
