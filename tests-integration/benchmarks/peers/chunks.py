"""A long list in parts."""

from collections.abc import Iterator

from benchmarks.peers.place import Commands


def chunks(commands: Commands, size: int) -> Iterator[Commands]:
    """In order, ``size`` each, the last as many as are left."""
    for first in range(0, len(commands), size):
        yield commands[first : first + size]
