"""The three servers below Innkeep, each in its own folder of the stack."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from innkeep_processes.places import Places
from local_stack import document_store, postgres, rabbitmq
from local_stack.server import Server

START: Mapping[str, Callable[[Path], Server]] = {
    "postgresql": postgres.start,
    "rabbitmq": rabbitmq.start,
    "document-store": document_store.start,
}
_FIND: Mapping[str, Callable[[Path], Server]] = {
    "postgresql": postgres.at,
    "rabbitmq": rabbitmq.at,
    "document-store": document_store.at,
}


def start_all(places: Places) -> dict[str, Server]:
    """Start what does not run yet, all at once; returns when all answer. May raise StartFailed."""
    with ThreadPoolExecutor(len(START)) as pool:
        started = {name: pool.submit(start, places.data / name) for name, start in START.items()}
    return {name: future.result() for name, future in started.items()}


def known(places: Places) -> dict[str, Server]:
    """Return the servers that were started here once, running or not."""
    return {name: find(places.data / name) for name, find in _FIND.items() if (places.data / name / "port").exists()}
