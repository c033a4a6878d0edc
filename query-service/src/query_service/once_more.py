"""A second try where a connection was lost, for what is said to the store as it is (decision 9).

The driver does the same for its own calls.
"""

from collections.abc import Callable
from time import monotonic
from typing import TypeVar

from pymongo.errors import AutoReconnect

T = TypeVar("T")


def once_more(step: Callable[[], T], until: float) -> T:
    """What the step gives; made again where the connection was lost and the monotonic clock is not past ``until``.

    Only for what may be made twice. The driver writes into what it is given, its session for one, so the step gives it
    something new at each try.
    """
    try:
        return step()
    except AutoReconnect:
        if monotonic() > until:
            raise
    return step()
