"""Every benchmark by the name under which it can be run alone."""

from collections.abc import Callable, Coroutine
from typing import Any, Final

from benchmarks import balance, growth, hot_hotel, inside, reads, starting, whole_path
from benchmarks.crud.comparison import against_crud
from benchmarks.figures import Figure
from benchmarks.peers.comparison import peers

Benchmark = Callable[..., Coroutine[Any, Any, list[Figure]]]
"""Called with ``quick``, ``seed`` and ``tell``; gives what it has measured."""

BENCHMARKS: Final[dict[str, Benchmark]] = {
    "path": whole_path.against_naive,
    "hotels": whole_path.over_hotels,
    "latency": whole_path.latency,
    "peers": peers,
    "crud": against_crud,
    "reads": reads.reads,
    "hot": hot_hotel.flash_sale,
    "growth": growth.growth,
    "inside": inside.inside,
    "balance": balance.balance,
    "start": starting.start_up,
    "soak": starting.soak,
}
