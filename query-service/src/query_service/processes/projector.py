"""The composition root of the projector."""

import asyncio
from contextlib import closing

from starlette.applications import Starlette

from query_service.catching_up import CatchingUp
from query_service.current_documents import CurrentDocuments
from query_service.documents import documents_of
from query_service.feed import Feed
from query_service.keeping import Keeping
from query_service.members import Projectors
from query_service.metrics import ProjectorMetrics
from query_service.parking import Parking
from query_service.projecting import Projecting
from query_service.readiness import projector_readiness
from query_service.reconciling import Reconciling
from query_service.rounds import Pace, Rounds, share_of
from query_service.settings import (
    PROJECTION_BATCH,
    PROJECTION_PREFETCH,
    PROJECTOR_SECONDS,
    ROUND_PAGE,
    ProjectorSettings,
)
from shared_contracts.topology import PARTITIONS, events_queue
from shared_contracts.transport.consuming import Consumer
from shared_contracts.transport.observing import new_registry, observation_routes
from shared_contracts.transport.process import run
from shared_contracts.transport.sharing import Sharing
from shared_contracts.transport.sharing_metrics import watch_shares


async def project(settings: ProjectorSettings) -> None:
    """Project until told to stop."""
    registry = new_registry()
    metrics = ProjectorMetrics(registry)
    stop = asyncio.Event()
    token = settings.command_api_token.get_secret_value() if settings.command_api_token else None
    with closing(documents_of(settings, PROJECTOR_SECONDS)) as documents:
        async with Feed(settings.command_api_url, token) as feed:
            projecting = Projecting(Keeping(documents, metrics), feed, Parking(documents), metrics, stop)
            catching_up = CatchingUp(projecting, feed)
            sharing = Sharing(Projectors(documents), [events_queue(partition) for partition in range(PARTITIONS)])
            consumer = Consumer(
                url=settings.rabbitmq_url.get_secret_value(),
                name="innkeep-projector",
                queues=sharing.queues,
                prefetch=PROJECTION_PREFETCH,
                batch=PROJECTION_BATCH,
                handle=projecting.handle,
                sharing=sharing,
            )
            watch_shares(registry, consumer, sharing)
            pace = Pace(stop)
            reconciling = Reconciling(feed, CurrentDocuments(documents), ROUND_PAGE, pace.rest)
            rounds = Rounds(reconciling, feed, share_of(sharing), projecting.leave_behind, metrics, pace)
            readiness = projector_readiness(documents, consumer, catching_up, rounds)
            http = Starlette(routes=observation_routes(registry, readiness))
            loops = (consumer.run, sharing.run, catching_up.run, rounds.run)
            await run(http, settings.host, settings.port, stop, *loops)
