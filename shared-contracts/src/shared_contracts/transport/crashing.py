"""Named places between two steps where a process can be made to die, to prove that dying there does no harm.

Nothing happens unless the environment says so: ``INNKEEP_CRASH_AT=relay.after_select:7`` kills the process with SIGKILL
at the seventh time that it comes by there.
"""

import os
import signal
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

VARIABLE: Final = "INNKEEP_CRASH_AT"


class CrashPoint(StrEnum):
    """Between what and what."""

    API_BEFORE_COMMIT = "api.before_commit"
    API_AFTER_COMMIT = "api.after_commit"
    RELAY_AFTER_SELECT = "relay.after_select"
    RELAY_AFTER_PUBLISH = "relay.after_publish"
    RELAY_AFTER_CONFIRM = "relay.after_confirm"
    RELAY_AFTER_MARK = "relay.after_mark"
    WORKER_AFTER_RECEIVE = "worker.after_receive"
    WORKER_AFTER_LOAD = "worker.after_load"
    WORKER_BEFORE_COMMIT = "worker.before_commit"
    WORKER_AFTER_COMMIT = "worker.after_commit"
    WORKER_WHILE_PARKING = "worker.while_parking"
    PROJECTOR_AFTER_RECEIVE = "projector.after_receive"
    PROJECTOR_BETWEEN_DOCUMENTS = "projector.between_documents"
    PROJECTOR_AFTER_DOCUMENTS = "projector.after_documents"
    PROJECTOR_AFTER_CHECKPOINT = "projector.after_checkpoint"
    REBUILD_MID_COPY = "rebuild.mid_copy"
    REBUILD_BEFORE_SWITCH = "rebuild.before_switch"
    REBUILD_AFTER_SWITCH = "rebuild.after_switch"
    MIGRATION_BETWEEN_STATEMENTS = "migration.between_statements"


class _Armed:
    """The one place that is armed in this process, and how many times it is still passed by."""

    point: CrashPoint | None = None
    left = 0


def arm(environment: Mapping[str, str] = os.environ) -> None:
    """Do what the environment says, once, in a composition root; ``ValueError`` where it names no point and count."""
    said = environment.get(VARIABLE, "")
    if not said:
        _Armed.point = None
        return
    name, _, count = said.partition(":")
    _Armed.point, _Armed.left = CrashPoint(name), int(count or "1")


def crash_here(point: CrashPoint) -> None:
    """Die here where this point is armed and its count is reached; else nothing."""
    if _Armed.point is not point:
        return
    _Armed.left -= 1
    if _Armed.left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
