"""``python -m chaos [--quick] [--seed N] [--only R1,R4] [--n N] [--json FILE]``: break things, and tell what held.

Exit status 1 where a figure is missed or raised.
"""

import asyncio
import signal
import sys
import time
import traceback
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

from chaos.catalog import FIGURES
from chaos.figure import Figure, Result
from chaos.table import as_json, repeat, table
from chaos.trial import dice
from checks.gathering import parked_now
from harness.tallies import Planted
from harness.world import World, running_world


def main() -> int:
    """Run from the command line; the exit status."""
    wanted = _parser().parse_args()
    figures = chosen(FIGURES, wanted.only, quick=wanted.quick)
    started = time.monotonic()

    def tell(what: str) -> None:
        print(f"{time.monotonic() - started:7.1f} s  {what}", file=sys.stderr, flush=True)

    results = asyncio.run(_run(figures, wanted, tell))
    print(table(results, wanted.seed))
    if wanted.json:
        wanted.json.write_bytes(as_json(results, wanted.seed))
    missed = [result for result in results if not result.met]
    for name in dict.fromkeys(result.figure.partition(" ")[0] for result in missed):
        print(repeat(name, wanted.seed, wanted.n, quick=wanted.quick))
    return 1 if missed else 0


def chosen(figures: Sequence[Figure], only: str, *, quick: bool) -> list[Figure]:
    """The figures named, with those that they need before them; without names all, or those of the gate."""
    known = {figure.name: figure for figure in figures}
    names = set(only.split(",")) if only else {f.name for f in figures if f.quick is not None or not quick}
    if strange := names - known.keys():
        raise SystemExit(f"No such figure: {', '.join(sorted(strange))}. There are {', '.join(known)}.")
    wanted = names | {need for name in names for need in known[name].needs}
    return [figure for figure in figures if figure.name in wanted]


async def _run(figures: Sequence[Figure], wanted: Namespace, tell: Callable[[str], None]) -> list[Result]:
    results: list[Result] = []
    if (this := asyncio.current_task()) is not None:  # so that a run that is told to end leaves no server behind
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
    async with running_world(tell, wanted.records) as world:
        for figure in figures:
            n = wanted.n or ((figure.quick or figure.full) if wanted.quick else figure.full)
            tell(f"{figure.name}: {figure.what}, n = {n}")
            found = await measured(figure, world, n, wanted.seed)
            for result in found:
                tell(f"{result.figure}: {result.value} ({'met' if result.met else 'missed'}) {result.note}")
            results += found
    return results


async def measured(figure: Figure, world: World, n: int, seed: int) -> list[Result]:
    """The figure's results; one that raises is missed, and the others go on in a world that is healthy again."""
    try:
        await world.healthy()
        if world.tallies.left_behind:
            left = await parked_now(world)
            world.tallies.planted = Planted([*left.bodies], [*left.commands], [*left.messages], [*left.hotels])
            world.tallies.left_behind = False
        return await figure.measure(world, n, dice(seed, figure.name))
    except Exception as error:  # noqa: BLE001  # whatever it is, it is a miss, and it is told
        traceback.print_exc()
        world.tallies.left_behind = True
        return [Result(figure.name, n, "raised", figure.target, met=False, note=repr(error)[:200])]


def _parser() -> ArgumentParser:
    parser = ArgumentParser("chaos", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the figures of the commit gate, with fewer trials")
    parser.add_argument("--seed", type=int, default=1, help="every choice follows from it")
    parser.add_argument("--only", default="", help=f"some of {','.join(figure.name for figure in FIGURES)}")
    parser.add_argument("--n", type=int, default=0, help="trials of each figure, in place of its own number")
    parser.add_argument("--json", type=Path, help="write the table to this file too, as JSON")
    parser.add_argument("--records", type=Path, help="keep the histories and the processes' logs in this folder")
    return parser


if __name__ == "__main__":
    sys.exit(main())
