"""``python -m benchmarks [--quick] [--only path,reads] [--seed N]``: measure, print a line a figure, write RESULTS.md.

Exit status 1 where a target is missed, 2 where something could not be measured.
"""

import asyncio
import signal
import sys
import time
import traceback
from argparse import ArgumentParser
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.catalog import BENCHMARKS
from benchmarks.figures import Figure, line
from benchmarks.results import write_results
from benchmarks.speed import loop_seconds

RESULTS: Final = Path(__file__).parent / "RESULTS.md"
MISSED: Final = 1
NOT_MEASURED: Final = 2
STOPPED: Final = 143


def main() -> int:
    """Run from the command line; the exit status."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(STOPPED))  # so that servers are stopped, as on Ctrl-C
    wanted = _parser().parse_args()
    names = wanted.only.split(",") if wanted.only else list(BENCHMARKS)
    figures: dict[str, list[Figure]] = {}
    speeds: dict[str, list[float]] = {}
    failed = []
    for name in names:
        started = time.monotonic()
        speeds[name] = loop_seconds()
        try:
            figures[name] = asyncio.run(
                BENCHMARKS[name](quick=wanted.quick, seed=wanted.seed, tell=partial(_tell, name, started))
            )
        except Exception:  # noqa: BLE001  # the other benchmarks go on; the exit status tells
            traceback.print_exc()
            failed.append(name)
        _tell(name, started, "failed" if name in failed else "done")
    found = [one for of_name in figures.values() for one in of_name]
    for one in found:
        print(line(one))
    if wanted.write:
        write_results(wanted.write, figures, speeds, quick=wanted.quick, seed=wanted.seed)
    for name in failed:
        print(f"{name} could not be measured: make bench ONLY={name} SEED={wanted.seed}")
    return NOT_MEASURED if failed else MISSED * any(one.verdict == "missed" for one in found)


def _parser() -> ArgumentParser:
    parser = ArgumentParser("benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter rounds, under ten minutes")
    parser.add_argument("--only", default="", help=f"some of {','.join(BENCHMARKS)}")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path, help="where to write the results as Markdown, with a plot beside it")
    return parser


def _tell(name: str, started: float, what: str) -> None:
    print(f"{time.monotonic() - started:7.1f} s  {name}: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
