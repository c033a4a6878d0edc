"""The composition root of the query API."""

import asyncio
from contextlib import closing

from query_service.api.answering import Answering
from query_service.api.app import build_app
from query_service.api.routes import Routes
from query_service.current_documents import CurrentDocuments
from query_service.documents import documents_of
from query_service.joining import JoinedFinds
from query_service.marks import Marks
from query_service.readiness import api_readiness
from query_service.settings import API_READ_SECONDS, Settings
from query_service.waiting import Waiting
from shared_contracts.transport.access import access_of
from shared_contracts.transport.observing import Measured, new_registry, observation_routes
from shared_contracts.transport.process import run


async def serve(settings: Settings) -> None:
    """Serve until told to stop."""
    tokens = settings.tokens.get_secret_value() if settings.tokens else None
    access = access_of(tokens, settings.environment)
    with closing(documents_of(settings, API_READ_SECONDS)) as documents:
        waiting = Waiting(JoinedFinds(documents, API_READ_SECONDS))
        marks = Marks(JoinedFinds(documents, API_READ_SECONDS))  # of its own: a mark is two looks in their order
        finds = JoinedFinds(CurrentDocuments(documents), API_READ_SECONDS)
        routes = Routes(Answering(finds, waiting, access, marks))
        registry = new_registry()
        http = build_app(routes, observation_routes(registry, api_readiness(documents)))
        await run(Measured(http, registry), settings.host, settings.port, asyncio.Event(), waiting.run)
