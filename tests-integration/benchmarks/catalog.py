"""Every benchmark by the name under which it can be run alone."""

from collections.abc import Callable, Coroutine
from typing import Any, Final

from benchmarks import growth, hot_hotel, reads, starting, whole_path
from benchmarks.figures import Figure

Benchmark = Callable[..., Coroutine[Any, Any, list[Figure]]]
"""Called with ``quick``, ``seed`` and ``tell``; gives what it has measured."""

BENCHMARKS: Final[dict[str, Benchmark]] = {
    "path": whole_path.against_naive,
    "hotels": whole_path.over_hotels,
    "latency": whole_path.latency,
    "reads": reads.reads,
    "hot": hot_hotel.flash_sale,
    "growth": growth.growth,
    "start": starting.start_up,
    "soak": starting.soak,
}
