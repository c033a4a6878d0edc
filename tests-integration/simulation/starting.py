"""The composition roots of the simulated processes: the real parts of ``processes``, on servers of the world."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from command_service.acceptance import Acceptance
from command_service.api.reads import Reads
from command_service.deciding import Deciding
from command_service.ledger import Ledger
from command_service.members import Workers
from command_service.metrics import ApiMetrics, RelayMetrics, WorkerMetrics
from command_service.outbox import COMMANDS, EVENTS
from command_service.relay import Relay
from command_service.sending import Sender
from command_service.settings import API_POOL, WORKER_BATCH, WORKER_BATCHES_AT_ONCE, WORKER_POOL, WORKER_PREFETCH
from query_service.catching_up import CatchingUp
from query_service.checkpoint import Checkpoint
from query_service.folding import Address
from query_service.keeping import Keeping, Loaded
from query_service.members import Projectors
from query_service.metrics import ProjectorMetrics
from query_service.parking import Parking
from query_service.projecting import Projecting
from query_service.settings import PROJECTION_BATCH, PROJECTION_PREFETCH
from shared_contracts.topology import commands_queue, events_queue
from shared_contracts.transport.consuming import Consumer
from shared_contracts.transport.process import FINISH_SECONDS
from shared_contracts.transport.publishing import Publisher
from shared_contracts.transport.sharing import Members, Sharing
from simulation.documents import SimulatedDocuments
from simulation.http import Api, SimulatedFeed
from simulation.pool import SimulatedPool
from simulation.process import Process
from simulation.world import World

Work = Callable[[asyncio.Event], Awaitable[None]]
NOWHERE: Final = "amqp://simulated"
LOOK_SECONDS: Final = 3.0
POLL_SECONDS: Final = 3.0
SMALL: Final = (1, 2, 3)


class SortedKeeping(Keeping):
    """The real one; it reads in the order of the addresses, so that no run depends on how strings hash."""

    async def load(self, addresses: Iterable[Address], checkpoints: Mapping[str, Checkpoint]) -> Loaded:
        """The documents, and the checkpoints afterwards."""
        return await super().load(sorted(addresses), checkpoints)


class Roots:
    """Builds processes. Metrics are registered once: nobody reads them, and they change nothing."""

    def __init__(self) -> None:
        """Register the metrics."""
        self._api, self._relay = ApiMetrics(CollectorRegistry()), RelayMetrics(CollectorRegistry())
        self._worker, self._projector = WorkerMetrics(CollectorRegistry()), ProjectorMetrics(CollectorRegistry())

    def start(self, world: World, kind: str) -> Process:
        """A new process of the kind, running."""
        process = Process(f"{kind}-{world.started}", kind)
        build: Callable[[World, Process], Iterable[Work]] = getattr(self, f"_build_{kind}")
        world.loop.create_task(_live(world, process, build), context=process.context)
        return process

    def _build_api(self, world: World, process: Process) -> Iterable[Work]:
        pool: Any = SimulatedPool(world.postgres, process, API_POOL)
        acceptance = Acceptance(pool, self._api)
        world.apis[process] = Api(process, acceptance, Reads(pool))
        return [acceptance.run]

    def _build_worker(self, world: World, process: Process) -> Iterable[Work]:
        pool: Any = SimulatedPool(world.postgres, process, WORKER_POOL)
        deciding = Deciding(Ledger(pool), self._worker, process.stop)
        queues = [commands_queue(partition) for partition in world.broker.partitions]
        sharing = _sharing(world, process, Workers(pool), queues)
        prefetch, batch = _edges(world, WORKER_PREFETCH, WORKER_BATCH)
        consumer = Consumer(
            NOWHERE, "worker", queues, prefetch, batch, deciding.handle, sharing, WORKER_BATCHES_AT_ONCE
        )
        return [consumer.run, *([sharing.run] if sharing else [])]

    def _build_relay(self, world: World, process: Process) -> Iterable[Work]:
        del world, process
        commands = Sender(COMMANDS, Publisher(NOWHERE, "commands"), self._relay)
        events = Sender(EVENTS, Publisher(NOWHERE, "events"), self._relay)
        return [Relay(SecretStr(NOWHERE), NOWHERE, commands, events, self._relay).run]

    def _build_projector(self, world: World, process: Process) -> Iterable[Work]:
        documents: Any = SimulatedDocuments(world.store, process)
        feed, clock = SimulatedFeed(world), lambda: world.postgres.clock().timestamp()
        parking = Parking(documents, clock)
        keeping = SortedKeeping(documents, self._projector)
        projecting = Projecting(keeping, feed, parking, self._projector, process.stop, clock=clock)
        catching_up = CatchingUp(
            projecting, feed, look_seconds=LOOK_SECONDS, poll_seconds=POLL_SECONDS, clock=world.loop.time
        )
        queues = [events_queue(partition) for partition in world.broker.partitions]
        sharing = _sharing(world, process, Projectors(documents), queues)
        prefetch, batch = _edges(world, PROJECTION_PREFETCH, PROJECTION_BATCH)
        consumer = Consumer(NOWHERE, "projector", queues, prefetch, batch, projecting.handle, sharing)
        return [consumer.run, catching_up.run, *([sharing.run] if sharing else [])]


def _sharing(world: World, process: Process, members: Members, queues: list[str]) -> Sharing | None:
    return Sharing(members, queues, process.name, world.loop.time) if world.sharing else None


def _edges(world: World, prefetch: int, batch: int) -> tuple[int, int]:
    """The process's prefetch and batch, or tiny ones."""
    return (
        world.chance.pick(SMALL) if world.chance.happens(0.25) else prefetch,
        world.chance.pick(SMALL) if world.chance.happens(0.25) else batch,
    )


async def _live(world: World, process: Process, build: Callable[[World, Process], Iterable[Work]]) -> None:
    """As ``shared_contracts.transport.process.run`` does, without signals and port."""
    working = [asyncio.ensure_future(work(process.stop)) for work in build(world, process)]
    stopping = asyncio.create_task(process.stop.wait())
    await asyncio.wait([stopping, *working], return_when=asyncio.FIRST_COMPLETED)
    process.stop.set()
    await asyncio.wait(working, timeout=FINISH_SECONDS)
    for task in working:
        task.cancel()
    results = await asyncio.gather(*working, return_exceptions=True)
    world.exited(process, next((result for result in results if isinstance(result, Exception)), None))
