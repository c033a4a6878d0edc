"""``python -m drill [--commands N] [--seed N]``: rehearse a backup and the way back, on private servers.

Prints the seconds of each step and what was not right; exit status 1 where anything was not.
"""

import asyncio
import sys
import time
from argparse import ArgumentParser
from typing import Final

from chaos.trial import dice
from drill.rehearsing import Rehearsal, rehearse
from harness.world import running_world

COMMANDS: Final = 5_000


def main() -> int:
    """Run from the command line; the exit status."""
    parser = ArgumentParser("drill", description=__doc__)
    parser.add_argument("--commands", type=int, default=COMMANDS, help="sent before the backup is taken")
    parser.add_argument("--seed", type=int, default=1, help="every choice follows from it")
    wanted = parser.parse_args()
    started = time.monotonic()

    def tell(what: str) -> None:
        print(f"{time.monotonic() - started:7.1f} s  {what}", file=sys.stderr, flush=True)

    async def run() -> Rehearsal:
        async with running_world(tell) as world:
            return await rehearse(world, wanted.commands, dice(wanted.seed, "drill"))

    done = asyncio.run(run())
    width = max(map(len, done.seconds))
    print("\n".join(f"{step:<{width}}  {seconds:6.1f} s" for step, seconds in done.seconds.items()))
    print(done.counted)
    print(f"the way back took {done.way_back:.0f} s; {done.cost}")
    print("\n".join(["not right:", *done.wrong]) if done.wrong else "nothing differs")
    return 1 if done.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
