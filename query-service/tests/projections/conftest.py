"""Projections need no network: these tests cannot reach one."""

import pytest
from histories import History


@pytest.fixture(autouse=True)
def _no_sockets(socket_disabled: None) -> None:
    """Disable sockets in every test here."""


@pytest.fixture
def history() -> History:
    """A hotel with three doubles and a suite, opened on 30 July 2016."""
    return History().opened()
