"""The eventsourcing library: one aggregate a command, saved against its PostgreSQL module by as many threads.

It has no queue, so there is nothing to kill: what a crash loses is what its caller forgets. And it does less: no
inventory, no outcome.
"""
# pyright: reportMissingImports=false

import signal
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate

from benchmarks.peers.place import Commands, Place

THREADS: Final = 16


class Reservation(Aggregate):  # type: ignore[misc]  # a class of the library's, which is installed apart
    """A reservation that is made by its first event."""

    def __init__(self, hotel_id: str, stay: dict[str, str], command: dict[str, Any]) -> None:
        """What its first event carries."""
        self.hotel_id = hotel_id
        self.stay = stay
        self.command = command

    @staticmethod
    def create_id(hotel_id: str, stay: dict[str, str], command: dict[str, Any]) -> UUID:
        """A command makes one reservation."""
        del hotel_id, stay
        return UUID(command["command_id"])


def _application(place: Place) -> Any:
    where = urlsplit(place.postgres)
    return Application(
        env={
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": where.path.lstrip("/"),
            "POSTGRES_HOST": str(where.hostname),
            "POSTGRES_PORT": str(where.port),
            "POSTGRES_USER": str(where.username),
            "POSTGRES_PASSWORD": str(where.password),
            "POSTGRES_SCHEMA": "peer",
            "POSTGRES_POOL_SIZE": str(THREADS),
        }
    )


def enqueue(place: Place, _: Commands) -> float:
    """There is no queue: only its tables are made."""
    _application(place).close()
    return 0.0


def work(place: Place, commands: Commands) -> None:
    """Save them all, then wait to be killed."""
    application = _application(place)

    def save(command: dict[str, Any]) -> None:
        application.save(Reservation(command["hotel_id"], command["stay"], command))

    with ThreadPoolExecutor(THREADS) as threads:
        for saved in [threads.submit(save, command) for command in commands]:
            saved.result()
    signal.pause()
