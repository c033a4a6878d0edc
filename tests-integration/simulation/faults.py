"""What goes wrong in a world, drawn from its seed: some kinds of faults, each a few times, and rates of small ones.

Each seed leaves most kinds out: faults that are always there hide each other.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from query_service.documents import CHECKPOINTS
from simulation.process import Process
from simulation.world import KINDS, World

WINDOW_SECONDS: Final = 12.0
HERE: Final = 0.4
LOOKS: Final = 30
LOOK_SECONDS: Final = 0.1
Fault = Callable[[World], Awaitable[None]]


def draw_rates(world: World) -> None:
    """How likely the small faults of this world are, each time; most are impossible."""
    chance = world.chance

    def rate(most: float) -> float:
        return chance.between(0.0, most) if chance.happens(HERE) else 0.0

    world.postgres.unknown, world.postgres.dropped = rate(0.25), rate(0.02)
    world.broker.doubled, world.broker.refused = rate(0.3), rate(0.1)
    world.broker.silent, world.broker.shuffled = rate(0.15), rate(1.0)
    world.store.unanswered = rate(0.05)
    world.network.slow, world.network.slow_seconds = rate(0.05), chance.pick((0.2, 1.0, 4.0))
    world.crash, world.stall = rate(0.03), rate(0.06)


async def haunt(world: World) -> None:
    """Let the faults happen within ``WINDOW_SECONDS``; all of them are over when this returns."""
    chance = world.chance
    here = [fault for fault in FAULTS if chance.happens(HERE)]
    happening = [_later(world, fault) for fault in here for _ in range(chance.whole(1, 3))]
    await asyncio.gather(asyncio.sleep(WINDOW_SECONDS), *happening)


def heal(world: World) -> None:
    """No more faults: every server is up, every process runs."""
    world.healed = True
    world.crash = world.stall = 0.0
    world.postgres.unknown = world.postgres.dropped = 0.0
    world.broker.doubled = world.broker.refused = world.broker.silent = 0.0
    world.store.unanswered = world.network.slow = 0.0
    world.broker.unbound.clear()
    for process in world.processes:
        world.resume(process)
        process.fatal_step = 0


async def _later(world: World, fault: Fault) -> None:
    await asyncio.sleep(world.chance.between(0.2, WINDOW_SECONDS * 0.8))
    await fault(world)


def _someone(world: World, *kinds: str) -> Process | None:
    living = [process for kind in kinds or KINDS for process in world.living(kind) if not process.paused]
    return world.chance.pick(living) if living else None


async def _busy(world: World, kind: str) -> Any:
    """The connection of somebody who has something in hand, as soon as there is one."""
    for _ in range(LOOKS):
        hands = [link for link in world.broker.hands(kind) if link.process.alive and not link.process.paused]
        if hands:
            await asyncio.sleep(world.chance.between(0.0, 0.05))
            return world.chance.pick(hands)
        await asyncio.sleep(LOOK_SECONDS)
    return None


async def kill_at_some_await(world: World) -> None:
    """Some process dies between two of its next steps."""
    process = _someone(world)
    if process is not None and world.may_die(process):
        process.fatal_step = process.steps + world.chance.whole(1, 80)


async def kill_busy_worker(world: World) -> None:
    """A worker dies while it has something in hand."""
    link = await _busy(world, "commands")
    if link is not None and world.may_die(link.process):
        link.process.fatal_step = link.process.steps + world.chance.whole(1, 60)


async def pause_busy(world: World) -> None:
    """A worker or projector stands still with something in hand, until the servers have given it up; then wakes up."""
    link = await _busy(world, world.chance.pick(("commands", "events")))
    if link is not None:
        world.trace.count("pauses_in_hand")
        world.pause(link.process, world.chance.between(0.2, 16.0))


async def cut_busy(world: World) -> None:
    """A worker or projector loses the broker, not what it has in hand: another gets that too."""
    for _ in range(world.chance.whole(1, 4)):
        link = await _busy(world, world.chance.pick(("commands", "commands", "events")))
        if link is not None:
            world.trace.count("links_cut_in_hand")
            link.lose("cut")


async def kill_relay_or_projector(world: World) -> None:
    """One of those dies."""
    process = _someone(world, "relay", "projector")
    if process is not None and world.may_die(process):
        process.fatal_step = process.steps + world.chance.whole(1, 60)


async def pause(world: World) -> None:
    """Some process stands still, shortly or for longer than every lease."""
    process = _someone(world)
    if process is not None:
        seconds = world.chance.pick((0.3, 2.0, 9.0, 14.0))
        world.pause(process, world.chance.between(seconds / 2, seconds))


async def stop_gently(world: World) -> None:
    """SIGTERM."""
    process = _someone(world)
    if process is not None:
        world.trace.count("stopped_gently")
        process.stop.set()


async def postgres_down(world: World) -> None:
    """PostgreSQL restarts."""
    world.trace.count("postgres_down")
    world.postgres.stop()
    await asyncio.sleep(world.chance.between(0.1, 3.0))
    world.postgres.start()


async def sessions_lost(world: World) -> None:
    """Some sessions are terminated."""
    for session in list(world.postgres.sessions):
        if world.chance.happens(0.5):
            world.trace.count("sessions_terminated")
            world.postgres.lose(session)


async def broker_down(world: World) -> None:
    """RabbitMQ restarts."""
    world.trace.count("broker_down")
    world.broker.stop()
    await asyncio.sleep(world.chance.between(0.1, 3.0))
    world.broker.start()


async def links_cut(world: World) -> None:
    """Some connections to RabbitMQ are cut."""
    for link in list(world.broker.links):
        if world.chance.happens(0.5):
            world.trace.count("links_cut")
            link.lose("cut")


async def queues_lost(world: World) -> None:
    """RabbitMQ comes back with empty queues."""
    world.trace.count("queues_lost")
    world.broker.forget_everything()
    await asyncio.sleep(world.chance.between(0.1, 2.0))
    world.broker.start()


async def unbound(world: World) -> None:
    """A queue is not bound for a while."""
    name = world.chance.pick([name for name in world.broker.queues if "." in name])
    world.trace.count("unbound")
    world.broker.unbound.add(name)
    await asyncio.sleep(world.chance.between(0.5, 3.0))
    world.broker.unbound.discard(name)


async def store_down(world: World) -> None:
    """The document store restarts."""
    world.trace.count("store_down")
    world.store.up = False
    await asyncio.sleep(world.chance.between(0.1, 3.0))
    world.store.up = True


async def store_older(world: World) -> None:
    """The document store is restored from a backup, in no time: a projector may be between any two operations.

    A projector that may be in a batch which began where the backup stands, in whatever hotel, is killed first, as the
    decision about this package says.
    """
    backup = world.store.snapshot()
    await asyncio.sleep(world.chance.between(0.5, 4.0))
    world.trace.count("store_older")
    copy = backup.get(CHECKPOINTS, {})
    for process in world.living("projector"):
        begun = world.store.begun_at.get(process, {})
        if any(copy.get(hotel) == checkpoint for hotel, checkpoint in begun.items()):
            world.kill(process)
        else:
            world.trace.count("store_older_under_way")
    world.store.restore(backup)


async def garbage(world: World) -> None:
    """A message that nobody can read lies in a queue."""
    name = world.chance.pick([name for name in world.broker.queues if "." in name])
    body = world.chance.pick((b"{", b"null", b'{"type":"book-room"}', b"\xff\xfe")) + b" " * world.chance.whole(0, 9)
    world.garbage.add(body)
    world.trace.count("garbage")
    world.broker.put(name, f"garbage-{len(world.garbage)}", body)


FAULTS: Final[tuple[Any, ...]] = (
    kill_at_some_await,
    kill_busy_worker,
    kill_relay_or_projector,
    pause,
    pause_busy,
    cut_busy,
    stop_gently,
    postgres_down,
    sessions_lost,
    broker_down,
    links_cut,
    queues_lost,
    unbound,
    store_down,
    store_older,
    garbage,
)
