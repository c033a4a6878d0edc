"""What each process needs in order to work, asked when somebody wants to know."""

import asyncio
from collections.abc import Collection

from query_service.catching_up import CatchingUp
from query_service.documents import CHECKPOINTS, Documents, DocumentsUnavailableError
from query_service.marks import REPAIRS
from query_service.members import PROJECTORS
from query_service.parking import DIVERGED_HOTELS, PARKED_HOTELS, PARKED_MESSAGES, Held
from query_service.rounds import Rounds
from query_service.routes import COPIES, KINDS, ROUTES
from query_service.routing import Routing
from query_service.settings import READINESS_SECONDS
from shared_contracts.transport.consuming import Consumer
from shared_contracts.transport.observing import Readiness, ReadinessCheck
from shared_contracts.transport.sharing import behind_in_sharing

BESIDE = (
    CHECKPOINTS,
    PARKED_HOTELS,
    PARKED_MESSAGES,
    DIVERGED_HOTELS,
    REPAIRS,
    PROJECTORS,
    ROUTES,
    COPIES,
)
COLLECTIONS = (*KINDS, *BESIDE)
"""Those of this release, before anything was rebuilt."""
NAMED = 10


async def needed(documents: Documents) -> tuple[str, ...]:
    """The collections that must be there, under the names that they have now."""
    return (*(route.current for route in (await Routing(documents).routes()).values()), *BESIDE)


def api_readiness(documents: Documents) -> ReadinessCheck:
    """Ready while the document store answers with the collections of this release."""

    async def check() -> Readiness:
        return Readiness(missing=await _store(documents))

    return check


def projector_readiness(
    documents: Documents, consumer: Consumer, catching_up: CatchingUp, rounds: Rounds
) -> ReadinessCheck:
    """Ready while the store answers and the queues are consumed, or stood by for; names what is behind or not right."""

    async def check() -> Readiness:
        missing = await _store(documents)
        if not consumer.connected:
            missing["rabbitmq"] = "not consuming: is it up, and are its queues declared?"
        behind = {**behind_in_sharing(consumer.sharing), **_held(catching_up.held), **_compared(rounds)}
        if catching_up.projecting.behind:
            behind["hotels"] = f"{len(catching_up.projecting.behind)} to be caught up"
        if catching_up.trouble:
            behind["catching_up"] = catching_up.trouble
        return Readiness(missing=missing, behind=behind)

    return check


def _held(held: Held) -> dict[str, str]:
    """Who waits for an operator."""
    found: dict[str, str] = {}
    if held.diverged:
        found["diverged"] = f"{_some(held.diverged)}: `query-service reconcile HOTEL --repair`, see the runbook"
    if held.parked:
        found["parked"] = _some(held.parked)
    if held.messages:
        found["messages"] = f"{held.messages} cannot be read: `query-service parked list`"
    return found


def _compared(rounds: Rounds) -> dict[str, str]:
    """What the last round found."""
    found: dict[str, str] = {}
    if rounds.drift:
        found["drift"] = f"{sum(rounds.drift.values())} documents differ from their events, of {_some(rounds.drift)}"
    if rounds.trouble:
        found["comparing"] = rounds.trouble
    return found


def _some(hotels: Collection[str]) -> str:
    return ", ".join(sorted(hotels)[:NAMED]) + f" ({len(hotels)} in all)"


async def _store(documents: Documents) -> dict[str, str]:
    try:
        async with asyncio.timeout(READINESS_SECONDS):
            absent = await documents.missing(await needed(documents))
    except (DocumentsUnavailableError, TimeoutError) as error:
        return {"mongodb": f"does not answer: {type(error).__name__}"}
    return {"mongodb": f"run `query-service migrate`: {', '.join(absent)}"} if absent else {}
