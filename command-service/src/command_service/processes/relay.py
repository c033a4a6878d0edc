"""The composition root of the relay."""

import asyncio

from starlette.applications import Starlette

from command_service.database import pool
from command_service.metrics import RelayMetrics
from command_service.outbox import COMMANDS, EVENTS
from command_service.readiness import relay_readiness
from command_service.relay import Relay
from command_service.rounds import Rounds
from command_service.sending import Sender
from command_service.settings import BrokerSettings
from command_service.waiting_room import WaitingRoom
from shared_contracts.transport.observing import new_registry, observation_routes
from shared_contracts.transport.process import run
from shared_contracts.transport.publishing import Publisher


async def send(settings: BrokerSettings) -> None:
    """Send until told to stop."""
    registry = new_registry()
    url = settings.rabbitmq_url.get_secret_value()
    metrics = RelayMetrics(registry)
    commands = Sender(COMMANDS, Publisher(url, "innkeep-relay-commands"), metrics)
    events = Sender(EVENTS, Publisher(url, "innkeep-relay-events"), metrics)
    rounds = Rounds(settings.postgres_url, metrics)
    waiting = WaitingRoom(settings.postgres_url, url, metrics)
    sender = Relay(settings.postgres_url, url, commands, events, metrics, (rounds, waiting))
    async with pool(settings.postgres_url, "innkeep-relay-health", 1) as database:
        http = Starlette(routes=observation_routes(registry, relay_readiness(database, sender)))
        await run(http, settings.host, settings.port, asyncio.Event(), sender.run)
