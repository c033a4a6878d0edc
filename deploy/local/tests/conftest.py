"""Private servers for the tests of how they are started."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local_stack import document_store, postgres, rabbitmq
from local_stack.server import Server


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from _running(postgres.start(tmp_path_factory.mktemp("postgresql")))


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from _running(rabbitmq.start(tmp_path_factory.mktemp("rabbitmq")))


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from _running(document_store.start(tmp_path_factory.mktemp("document-store")))


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    return tmp_path.resolve()


def _running(server: Server) -> Iterator[Server]:
    try:
        yield server
    finally:
        server.stop()
