"""What is tried again, and what is not."""

from time import monotonic

import pytest
from pymongo.errors import AutoReconnect, NotPrimaryError, OperationFailure, PyMongoError, ServerSelectionTimeoutError

from query_service.once_more import once_more

INTERRUPTED_BY_TIME = 262
UNAUTHORIZED = 13


class Step:
    """Fails at its first tries, then gives how often it was tried."""

    def __init__(self, *faults: PyMongoError) -> None:
        self.faults = list(faults)
        self.tries = 0

    def __call__(self) -> int:
        self.tries += 1
        if self.faults:
            raise self.faults.pop(0)
        return self.tries


def soon() -> float:
    return monotonic() + 60


@pytest.mark.parametrize(
    "fault",
    [
        AutoReconnect("connection closed"),
        NotPrimaryError("stepping down"),
        OperationFailure("no time", INTERRUPTED_BY_TIME),
    ],
)
def test_what_failed_in_passing_is_made_again(fault: PyMongoError) -> None:
    assert once_more(Step(fault), soon()) == 2


@pytest.mark.parametrize(
    "fault", [ServerSelectionTimeoutError("nobody there"), OperationFailure("not yours to see", UNAUTHORIZED)]
)
def test_what_would_fail_again_is_not_made_again(fault: PyMongoError) -> None:
    step = Step(fault)
    with pytest.raises(type(fault)):
        once_more(step, soon())
    assert step.tries == 1


def test_what_nobody_waits_for_any_more_is_not_made_again() -> None:
    step = Step(AutoReconnect("connection closed"))
    with pytest.raises(AutoReconnect):
        once_more(step, monotonic() - 1)
    assert step.tries == 1


def test_there_is_no_third_try() -> None:
    step = Step(AutoReconnect("connection closed"), AutoReconnect("connection closed"))
    with pytest.raises(AutoReconnect):
        once_more(step, soon())
    assert step.tries == 2
