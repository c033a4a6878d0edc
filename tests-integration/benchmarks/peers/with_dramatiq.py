"""Dramatiq: sixteen threads and twice as many messages prefetched, which is its own rule."""
# pyright: reportMissingImports=false

import signal
import time
from functools import partial
from typing import Any, Final

import dramatiq
from dramatiq.brokers.rabbitmq import RabbitmqBroker

from benchmarks.peers.booking_psycopg import book, sessions
from benchmarks.peers.place import Commands, Place

ACTOR: Final = "book"
THREADS: Final = 16


def _broker(place: Place) -> Any:
    return RabbitmqBroker(url=place.broker, confirm_delivery=True)


def enqueue(place: Place, commands: Commands) -> float:
    """One by one, each confirmed: Dramatiq has no call for many."""
    broker = _broker(place)
    broker.declare_queue(place.queue, ensure=True)
    started = time.perf_counter()
    for command in commands:
        broker.enqueue(
            dramatiq.Message(queue_name=place.queue, actor_name=ACTOR, args=(command,), kwargs={}, options={})
        )
    return time.perf_counter() - started


def work(place: Place, _: Commands) -> None:
    """Run one process of what ``dramatiq --processes 1`` runs."""
    broker = _broker(place)
    pool = sessions(place.postgres, THREADS)
    dramatiq.actor(partial(book, pool), actor_name=ACTOR, queue_name=place.queue, broker=broker)
    dramatiq.Worker(broker, worker_threads=THREADS).start()
    signal.pause()
