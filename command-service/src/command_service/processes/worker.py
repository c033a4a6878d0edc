"""The composition root of the worker."""

import asyncio

from starlette.applications import Starlette

from command_service.database import pool
from command_service.deciding import Deciding
from command_service.ledger import Ledger
from command_service.members import Workers
from command_service.metrics import WorkerMetrics
from command_service.readiness import worker_readiness
from command_service.settings import WORKER_BATCH, WORKER_BATCHES_AT_ONCE, WORKER_POOL, WORKER_PREFETCH, BrokerSettings
from shared_contracts.topology import PARTITIONS, commands_queue
from shared_contracts.transport.consuming import Consumer
from shared_contracts.transport.observing import new_registry, observation_routes
from shared_contracts.transport.process import run
from shared_contracts.transport.sharing import Sharing
from shared_contracts.transport.sharing_metrics import watch_shares


async def decide(settings: BrokerSettings) -> None:
    """Decide until told to stop."""
    registry = new_registry()
    stop = asyncio.Event()
    async with pool(settings.postgres_url, "innkeep-worker", WORKER_POOL) as database:
        sharing = Sharing(Workers(database), [commands_queue(partition) for partition in range(PARTITIONS)])
        consumer = Consumer(
            url=settings.rabbitmq_url.get_secret_value(),
            name="innkeep-worker",
            queues=sharing.queues,
            prefetch=WORKER_PREFETCH,
            batch=WORKER_BATCH,
            handle=Deciding(Ledger(database), WorkerMetrics(registry), stop).handle,
            sharing=sharing,
            at_once=WORKER_BATCHES_AT_ONCE,
        )
        watch_shares(registry, consumer, sharing)
        http = Starlette(routes=observation_routes(registry, worker_readiness(database, consumer)))
        await run(http, settings.host, settings.port, stop, consumer.run, sharing.run)
