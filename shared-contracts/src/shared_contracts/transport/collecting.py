"""How often a process looks for garbage in cycles: seldom, since a batch makes many objects and hardly any cycle."""

import gc
from typing import Final

YOUNG_OBJECTS: Final = 50_000
YOUNG_ROUNDS: Final = 20
OLD_ROUNDS: Final = 20


def collect_seldom() -> None:
    """Never look again at what has been loaded by now, and at the rest only after so many new objects.

    The interpreter's own setting, 700 objects, walked through the batches in hand again and again: half of the relay's
    processor time, and a third of the projector's (decision 9).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, YOUNG_ROUNDS, OLD_ROUNDS)
