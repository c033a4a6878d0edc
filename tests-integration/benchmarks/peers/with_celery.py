"""Celery: late acknowledgement, many messages prefetched, one process of threads."""
# pyright: reportMissingImports=false

import time
from typing import Any, Final

from celery import Celery

from benchmarks.peers.booking_psycopg import book, sessions
from benchmarks.peers.place import Commands, Place

TASK: Final = "book"
THREADS: Final = 16
PREFETCH_EACH: Final = 64
QUIET: Final = ("--without-gossip", "--without-mingle", "--loglevel=ERROR")


def _app(place: Place) -> Any:
    app = Celery(broker=place.broker)
    app.conf.update(
        task_default_queue=place.queue,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_ignore_result=True,
        worker_prefetch_multiplier=PREFETCH_EACH,
        broker_transport_options={"confirm_publish": True},
    )
    return app


def enqueue(place: Place, commands: Commands) -> float:
    """One by one, each confirmed: Celery has no call for many."""
    app = _app(place)
    with app.connection_for_write() as connection, app.amqp.Producer(connection) as producer:
        app.amqp.queues[place.queue](connection.default_channel).declare()
        started = time.perf_counter()
        for command in commands:
            app.send_task(TASK, (command,), producer=producer)
        return time.perf_counter() - started


def work(place: Place, _: Commands) -> None:
    """Run ``celery worker``."""
    app = _app(place)
    pool = sessions(place.postgres, THREADS)

    def decide(command: dict[str, Any]) -> None:
        book(pool, command)

    app.task(name=TASK)(decide)
    app.worker_main(["worker", "--pool=threads", f"--concurrency={THREADS}", *QUIET])
