"""Where the real code meets what is simulated: every name that is put in place of another, and put back afterwards.

Time reaches the processes through ``loop.time``, three clocks that are arguments, and the names replaced here; ids come
with the commands; randomness they have none.
"""

import gc
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, Final

import structlog

from command_service import acceptance, deciding, ledger, lost, relay, sending
from command_service import batch as batch_module
from command_service.domain.decide import decide
from query_service import keeping, projecting
from shared_contracts.transport import consuming, inbox, publishing
from shared_contracts.transport.resting import REST
from simulation import amqp, connecting
from simulation.process import current
from simulation.world import World

Replacement = tuple[object, str, Any]
Bug = Callable[[World], list[Replacement]]
"""A planted bug: what it puts in place of the real code; it may also take a guard away from the world."""

SILENT: Final = logging.CRITICAL
WITH_CRASH_POINTS: Final = (acceptance, deciding, keeping, ledger, projecting, publishing, sending)


def replacements(world: World) -> list[Replacement]:
    """Module or class, name, and what stands there while the world exists."""
    loop = world.loop

    async def connect_with_line(_: str, __: str, takers: amqp.Takers | None = None) -> tuple[amqp.Link, amqp.Link]:
        link = await connecting.connect(world.broker, current(), takers)
        return link, link

    async def waiting_in(_: str, queues: list[str]) -> dict[str, int]:
        return await connecting.waiting_in(world.broker, current(), queues)

    async def session(_: object, __: str, silence: float | None = None) -> Any:
        return await world.postgres.connect(current(), silence)

    def decide_unless_poisoned(house: Any, issued: Any) -> Any:
        world.meet(issued.id)
        return decide(house, issued)

    return [
        (consuming, "connect_with_line", connect_with_line),
        (publishing, "connect_with_line", connect_with_line),
        (publishing, "packed", lambda messages, *_: messages),
        (publishing, "ChannelFrame", amqp.Written),
        (consuming, "Deliveries", amqp.Takers),
        (inbox, "acknowledge", amqp.acknowledge),
        (lost, "waiting_in", waiting_in),
        (relay, "connect", session),
        (sending, "monotonic", loop.time),
        *[(module, "waited_for_a_core", lambda: loop.time() / REST / 2) for module in (consuming, sending)],
        (deciding, "time", SimpleNamespace(time=lambda: world.postgres.clock().timestamp())),
        (batch_module, "decide", decide_unless_poisoned),
        *[(module, "crash_here", world.crash_here) for module in WITH_CRASH_POINTS],
    ]


@contextmanager
def replaced(replacements: list[Replacement]) -> Iterator[None]:
    """Put the replacements in place for as long as the context lasts; ``AttributeError`` where a name is gone."""
    before = [(where, name, getattr(where, name)) for where, name, _ in replacements]
    try:
        for where, name, what in replacements:
            setattr(where, name, what)
        yield
    finally:
        for where, name, what in reversed(before):
            setattr(where, name, what)


@contextmanager
def quietly() -> Iterator[None]:
    """No log, which nobody reads here, and no collecting of garbage in the middle of a run."""
    before, collecting = structlog.get_config(), gc.isenabled()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(SILENT))
    gc.disable()
    try:
        yield
    finally:
        structlog.configure(**before)
        if collecting:
            gc.enable()
