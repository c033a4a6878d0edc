"""All planted bugs by name, in the order of the reliability figures."""

from typing import Final

from simulation.planted import deciding, projecting, sending, settling
from simulation.seams import Bug

BUGS: Final[dict[str, Bug]] = {
    bug.__name__: bug
    for bug in (
        settling.ack_before_commit,
        sending.publish_marked_before_confirm,
        deciding.no_dedupe,
        deciding.dedupe_outside_transaction,
        sending.no_mandatory,
        sending.id_cursor_relay,
        projecting.no_position_gate,
        settling.requeue_forever,
        settling.swallow_handler_error,
        deciding.retry_commit_blindly,
        deciding.lease_without_fencing,
        deciding.check_then_act_capacity,
    )
}
