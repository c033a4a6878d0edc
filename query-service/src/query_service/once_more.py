"""A second try for what is said to the store as it is (decision 9); beside ``documents`` the driver's.

The driver itself makes one for its own finds and writes, and none for commands.
"""

from collections.abc import Callable
from time import monotonic
from typing import Final, TypeVar

from pymongo.errors import AutoReconnect, OperationFailure, ServerSelectionTimeoutError

TRY_AGAIN: Final = frozenset({6, 7, 89, 134, 262, 9_001})
"""The server was not reached by another, had no time or was not ready yet (MongoDB's ``error_codes.yml``). What it says
when it steps down is an ``AutoReconnect``."""

T = TypeVar("T")


def once_more(step: Callable[[], T], until: float) -> T:
    """What the step gives; made again where it failed in passing and the monotonic clock is not past ``until``.

    Not where no server was found: that has been waited for. Only for what may be made twice. The driver writes into
    what it is given, its session for one, so the step gives it something new at each try.
    """
    try:
        return step()
    except (AutoReconnect, OperationFailure) as error:
        if not _in_passing(error) or monotonic() > until:
            raise
    return step()


def _in_passing(error: AutoReconnect | OperationFailure) -> bool:
    match error:
        case OperationFailure():
            return error.code in TRY_AGAIN
        case ServerSelectionTimeoutError():
            return False
        case AutoReconnect():
            return True
