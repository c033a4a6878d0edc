"""``python -m replay FILE``: replay real bookings, and say whether every figure is what the file says.

Two JSON lines: what is counted from the file, then what the query API says. Exit status 1 where they differ, 2 where
that could not be found out. ``INNKEEP_COMMAND_URL`` and ``INNKEEP_QUERY_URL`` say where the services are, and
``INNKEEP_TOKEN`` who asks.
"""

import asyncio
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import orjson

from replay.bookings import read_bookings
from replay.cells import BookingsError
from replay.commands import Hotel
from replay.house import House, houses_of
from replay.running import Run
from replay.service import ReplayError, Service, new_client

COMMAND_URL: Final = "http://127.0.0.1:8410"
QUERY_URL: Final = "http://127.0.0.1:8420"
MAX_HOTELS: Final = 1_000
MAX_LIMIT: Final = 10
DIFFERENT: Final = 1
NOT_FOUND_OUT: Final = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; the exit status."""
    wanted = _parser().parse_args(arguments)
    run = {"run_id": str(wanted.run_id), "limit": str(wanted.limit)}
    try:
        houses = houses_of(read_bookings(wanted.file), wanted.limit)
        _print(run | {"counted": {house.name: house.count.figures for house in houses}})
        result = asyncio.run(_replay(wanted, houses))
    except BookingsError as error:
        return _sorry(str(error))
    except (ReplayError, KeyboardInterrupt) as error:
        return _sorry(f"{str(error) or 'stopped'}\nTo go on: the same with --run-id {wanted.run_id}")
    _print(run | result)
    return 0 if result["equal"] else DIFFERENT


async def _replay(wanted: Namespace, houses: Sequence[House]) -> dict[str, Any]:
    copies = [house for _ in range(wanted.hotels) for house in houses]
    hotels = [Hotel(wanted.run_id, number, house) for number, house in enumerate(copies, 1)]
    async with new_client(os.environ.get("INNKEEP_TOKEN")) as client:
        return await Run(Service(client, wanted.command_url), Service(client, wanted.query_url), hotels).replay()


def _parser() -> ArgumentParser:
    parser = ArgumentParser("replay", description=__doc__)
    parser.add_argument("file", type=Path, help="bookings as CSV, plain or gzipped")
    command, query = (os.environ.get(f"INNKEEP_{name}_URL") for name in ("COMMAND", "QUERY"))
    parser.add_argument("--command-url", type=_url, default=command or COMMAND_URL, help="of the command API")
    parser.add_argument("--query-url", type=_url, default=query or QUERY_URL, help="of the query API")
    parser.add_argument("--hotels", type=_hotels, default=1, help="replay it as so many hotels at once")
    parser.add_argument("--limit", type=_limit, default=Decimal(1), help="of the peak on the books, as 0.7")
    parser.add_argument("--run-id", type=UUID, default=uuid4(), help="a UUID; that of an earlier run goes on with it")
    return parser


def _url(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ValueError(text)
    return text.rstrip("/")


def _hotels(text: str) -> int:
    if not 1 <= int(text) <= MAX_HOTELS:
        raise ValueError(text)
    return int(text)


def _limit(text: str) -> Decimal:
    try:
        limit = Decimal(text)
    except InvalidOperation:
        raise ValueError(text) from None
    if not limit.is_finite() or not 0 < limit <= MAX_LIMIT:
        raise ValueError(text)
    return limit


def _print(line: dict[str, Any]) -> None:
    sys.stdout.write(orjson.dumps(line).decode() + "\n")
    sys.stdout.flush()


def _sorry(why: str) -> int:
    sys.stderr.write(f"replay: {why}\n")
    return NOT_FOUND_OUT


if __name__ == "__main__":
    sys.exit(main())
