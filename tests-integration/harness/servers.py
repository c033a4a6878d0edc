"""Where the tests' servers come from.

Addresses in the environment, else containers where an engine answers, else private local ones on free ports. They are
started on first use and stopped at the end of the session.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from harness.containers import IMAGES, container, engine_answers
from local_stack import document_store, postgres, rabbitmq


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL for the tests."""
    yield from _server("postgres", postgres)


@pytest.fixture(scope="session")
def rabbitmq_url() -> Iterator[str]:
    """A RabbitMQ for the tests."""
    yield from _server("rabbitmq", rabbitmq)


@pytest.fixture(scope="session")
def mongodb_url() -> Iterator[str]:
    """A server of the MongoDB protocol for the tests."""
    yield from _server("mongodb", document_store)


def _server(name: str, local: ModuleType) -> Iterator[str]:
    given = os.environ.get(f"INNKEEP_TEST_{name.upper()}_URL")
    if given:
        yield given
    elif engine_answers():
        with container(IMAGES[name]) as url:
            yield url
    else:
        with tempfile.TemporaryDirectory(prefix="innkeep-") as directory:
            server = local.start(Path(directory) / name)
            try:
                yield server.url
            finally:
                server.stop()
