"""A ledger that misbehaves as told, and what a worker is given."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
from prometheus_client import CollectorRegistry

from command_service.batch import Decided
from command_service.deciding import Deciding
from command_service.ledger import Ledger
from command_service.metrics import WorkerMetrics
from shared_contracts.envelope import CommandEnvelope, encode_command
from shared_contracts.transport.consuming import Delivery


@dataclass
class Faulty:
    """A ledger that misbehaves as told, and otherwise is the real one."""

    ledger: Ledger
    poison: set[UUID] = field(default_factory=set)
    fault: Exception = field(default_factory=lambda: ZeroDivisionError("a bug"))
    batches: list[int] = field(default_factory=list)
    lose_commits: int = 0
    outages: int = 0
    outage: Exception = field(default_factory=ConnectionRefusedError)

    async def decide(self, commands: Sequence[CommandEnvelope]) -> Decided:
        if self.outages:
            self.outages -= 1
            raise self.outage
        if any(command.id in self.poison for command in commands):
            raise self.fault
        self.batches.append(len(commands))
        decided = await self.ledger.decide(commands)
        if self.lose_commits:
            self.lose_commits -= 1
            raise asyncpg.ConnectionDoesNotExistError("lost while committing")
        return decided

    def __getattr__(self, name: str) -> object:
        return getattr(self.ledger, name)


def deciding(faulty: Faulty, stop: asyncio.Event | None = None, registry: CollectorRegistry | None = None) -> Deciding:
    metrics = WorkerMetrics(registry or CollectorRegistry())
    return Deciding(faulty, metrics, stop or asyncio.Event())  # type: ignore[arg-type]


def deliveries(*messages: CommandEnvelope | bytes, count: int = 0) -> list[Delivery]:
    bodies = [m if isinstance(m, bytes) else encode_command(m) for m in messages]
    return [Delivery("commands.00", body, tag, count) for tag, body in enumerate(bodies, 1)]
