"""The rules need no network: these tests cannot reach one."""

import pytest


@pytest.fixture(autouse=True)
def _no_sockets(socket_disabled: None) -> None:
    """Disable sockets in every test here."""
