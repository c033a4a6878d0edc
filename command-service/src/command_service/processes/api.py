"""The composition root of the command API."""

import asyncio

from command_service.acceptance import Acceptance
from command_service.api.app import build_app
from command_service.api.commands import CommandRoutes
from command_service.api.outcomes import Outcomes
from command_service.api.reading import ReadingRoutes
from command_service.api.reads import Reads
from command_service.database import pool
from command_service.metrics import ApiMetrics
from command_service.readiness import api_readiness
from command_service.settings import API_POOL, Settings
from shared_contracts.transport.access import access_of
from shared_contracts.transport.observing import Measured, new_registry, observation_routes
from shared_contracts.transport.process import run


async def serve(settings: Settings) -> None:
    """Serve until told to stop."""
    tokens = settings.tokens.get_secret_value() if settings.tokens else None
    access = access_of(tokens, settings.environment)
    registry = new_registry()
    async with pool(settings.postgres_url, "innkeep-command-api", API_POOL) as database:
        acceptance = Acceptance(database, ApiMetrics(registry))
        reads = Reads(database)
        outcomes = Outcomes(reads)
        http = build_app(
            CommandRoutes(acceptance, outcomes, access),
            ReadingRoutes(reads, outcomes, access),
            observation_routes(registry, api_readiness(database)),
        )
        await run(Measured(http, registry), settings.host, settings.port, asyncio.Event(), acceptance.run, outcomes.run)
