"""What is being made is written before what is served, so that it is never older when it is served itself."""

from collections.abc import Mapping, Sequence

import structlog

from query_service.checkpoint import Checkpoint
from query_service.documents import DocumentRefusedError
from query_service.folding import Address, Folded, fold, plan
from query_service.keeping import Keeping
from query_service.routes import Copies
from shared_contracts.envelope import EventEnvelope

log = structlog.get_logger()


async def write_shadows(
    keeping: Keeping,
    ready: Mapping[str, Sequence[EventEnvelope]],
    copies: Mapping[str, Copies],
    checkpoints: Mapping[str, Checkpoint],
) -> dict[str, Copies]:
    """Write the hotels' events to their shadows, of hotels whose checkpoint is still this; the copies as they are then.

    A shadow that cannot take a hotel's events is not the hotel's any more: what is served goes on, and the rebuild will
    see it.
    """
    shadowed = {hotel: events for hotel, events in ready.items() if copies[hotel].shadows}
    if not shadowed:
        return dict(copies)
    plans = {hotel: plan(events, copies[hotel].shadows) for hotel, events in shadowed.items()}
    addresses = frozenset[Address]().union(*(planned.addresses for planned in plans.values()))
    loaded = await keeping.load(addresses, {hotel: checkpoints[hotel] for hotel in shadowed})
    for hotel in loaded.moved:
        del plans[hotel]
    folded = {hotel: fold(planned, loaded.documents) for hotel, planned in plans.items()}
    lost = {hotel: one.fault.reason for hotel, one in folded.items() if one.fault is not None}
    lost |= await _write(keeping, {hotel: one for hotel, one in folded.items() if hotel not in lost})
    for hotel, reason in lost.items():
        log.error("shadow_lost", hotel=hotel, shadows=list(copies[hotel].shadows.values()), reason=reason)
    return {hotel: one.without_shadows() if hotel in lost else one for hotel, one in copies.items()}


async def _write(keeping: Keeping, folded: Mapping[str, Folded]) -> dict[str, str]:
    """Write all, or where the store refuses a document, hotel by hotel; those that it refused, and why."""
    try:
        await keeping.write(folded.values())
    except DocumentRefusedError:
        pass
    else:
        return {}
    refused: dict[str, str] = {}
    for hotel, one in folded.items():
        try:
            await keeping.write([one])
        except DocumentRefusedError as error:
            refused[hotel] = str(error)
    return refused
