"""How a process that measures tells what it has found to the one that has started it."""

import sys
from typing import Any

import orjson


def tell(found: dict[str, Any]) -> None:
    """Write all of it: an unbuffered standard output, as ``PYTHONUNBUFFERED`` makes it, may take a part alone."""
    with open(sys.stdout.fileno(), "wb", closefd=False) as output:
        output.write(orjson.dumps(found))
