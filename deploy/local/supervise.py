"""The supervisor of one stack, started by `stack.py up` and ended by `stack.py down`."""

import datetime as dt
import signal
import threading

from innkeep_processes.places import places
from innkeep_processes.supervising import Supervision

LOOK_SECONDS = 0.25


def main() -> None:
    """Look after the stack until SIGTERM."""
    asked_to_end = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked_to_end.set())
    supervision = Supervision(places(), _tell)
    while not asked_to_end.wait(LOOK_SECONDS):
        supervision.look()


def _tell(line: str) -> None:
    stamp = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")  # noqa: TID251 - a log line
    print(f"{stamp} {line}", flush=True)


if __name__ == "__main__":
    main()
