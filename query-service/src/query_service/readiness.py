"""What each process needs in order to work, asked when somebody wants to know."""

import asyncio

from query_service.catching_up import CatchingUp
from query_service.documents import CHECKPOINTS, Documents, DocumentsUnavailableError
from query_service.parking import PARKED_HOTELS, PARKED_MESSAGES
from query_service.projections.catalog import PROJECTIONS
from query_service.settings import READINESS_SECONDS
from shared_contracts.transport.consuming import Consumer
from shared_contracts.transport.observing import Readiness, ReadinessCheck

COLLECTIONS = (*(p.collection for p in PROJECTIONS), CHECKPOINTS, PARKED_HOTELS, PARKED_MESSAGES)


def api_readiness(documents: Documents) -> ReadinessCheck:
    """Ready while the document store answers with the collections of this release."""

    async def check() -> Readiness:
        return Readiness(missing=await _store(documents))

    return check


def projector_readiness(documents: Documents, consumer: Consumer, catching_up: CatchingUp) -> ReadinessCheck:
    """Ready while the store answers and the queues are consumed, or stood by for; names what is behind or parked."""

    async def check() -> Readiness:
        missing = await _store(documents)
        if not consumer.connected:
            missing["rabbitmq"] = "not consuming: is it up, and are its queues declared?"
        behind: dict[str, str] = {}
        if catching_up.parked:
            behind["parked"] = ", ".join(sorted(catching_up.parked)[:10]) + f" ({len(catching_up.parked)} in all)"
        if catching_up.projecting.behind:
            behind["hotels"] = f"{len(catching_up.projecting.behind)} to be caught up"
        if catching_up.trouble:
            behind["catching_up"] = catching_up.trouble
        return Readiness(missing=missing, behind=behind)

    return check


async def _store(documents: Documents) -> dict[str, str]:
    try:
        async with asyncio.timeout(READINESS_SECONDS):
            absent = await documents.missing(COLLECTIONS)
    except (DocumentsUnavailableError, TimeoutError) as error:
        return {"mongodb": f"does not answer: {type(error).__name__}"}
    return {"mongodb": f"run `query-service migrate`: {', '.join(absent)}"} if absent else {}
