"""The routes of commands: one for each class, built from it, and one for an ordered body of many."""

from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response

from command_service.acceptance import Acceptance, Answer, BusyError, Incoming, incoming
from command_service.api.bodies import Bodies
from command_service.api.outcomes import BOOKING_TASK, Outcomes
from command_service.api.parsing import (
    UNKNOWN_HOTEL,
    parse_batch,
    parse_command,
    parse_expected_version,
    parse_hotel_id,
    parse_item,
    parse_key,
    stamp,
    unknown_task,
)
from command_service.database import DatabaseDownError
from command_service.settings import MAX_BATCH_BODY_BYTES, MAX_BODY_BYTES, MAX_WAIT_SECONDS, RETRY_AFTER_SECONDS
from shared_contracts.catalog import COMMANDS
from shared_contracts.transport.access import Access, Principal
from shared_contracts.transport.direct_paths import Endpoint
from shared_contracts.transport.problems import Problem, ProblemError, problem_body

JSON: Final = "application/json"
BUSY: Final = Problem(
    503,
    "not_accepted",
    "Not accepted now",
    "Nothing is known to be stored; send it again with command_id as its Idempotency-Key.",
    retry_after=RETRY_AFTER_SECONDS,
)
BUSY_BATCH: Final = replace(
    BUSY, detail="Nothing is known to be stored; send it again with each of command_ids as its item's idempotency_key."
)
KEY_REUSED: Final = Problem(422, "idempotency_key_reused", "This Idempotency-Key came before, with another command")


@dataclass(frozen=True, slots=True)
class CommandRoutes:
    """Endpoints over acceptance and outcomes."""

    acceptance: Acceptance
    outcomes: Outcomes
    access: Access
    bodies: Bodies = field(default_factory=Bodies)

    def one(self, task: str) -> Endpoint:
        """The endpoint of one task. Nobody unknown, and nobody without the right, gets a body read."""
        scope = COMMANDS[task].scope

        async def endpoint(request: Request) -> Response:
            principal = self._known(request)
            principal.require(scope)
            hotel_id = _hotel_of(request, principal)
            key = parse_key(request.headers.get("idempotency-key"))
            expected = parse_expected_version(request.headers.get("if-match"))
            body = parse_command(task, await self.bodies.read(request, MAX_BODY_BYTES))
            command = incoming(stamp(hotel_id, body, key, expected, principal))
            try:
                [answer] = await self.acceptance.store([command])
            except BusyError:
                raise ProblemError(replace(BUSY, members={"command_id": command.id})) from None
            if answer is not Answer.ACCEPTED:
                raise ProblemError(_refusal(answer))
            return await self._receipt(command, wait_seconds(request))

        return endpoint

    async def many(self, request: Request) -> Response:
        """Up to 500 commands in order, one commit, an answer for each: 202 or its problem.

        The pointers in an item's problem are relative to that item's body; for a member of the item, to the item.
        """
        principal = self._known(request)
        hotel_id = _hotel_of(request, principal)
        items = _parsed(principal, hotel_id, await self.bodies.read(request, MAX_BATCH_BODY_BYTES))
        commands = [item for item in items if isinstance(item, Incoming)]
        try:
            answers = iter(await self.acceptance.store(commands) if commands else [])
        except BusyError:
            ids = [item.id if isinstance(item, Incoming) else None for item in items]
            raise ProblemError(replace(BUSY_BATCH, members={"command_ids": ids})) from None
        body = [_answer(item, next(answers)) if isinstance(item, Incoming) else _problem_answer(item) for item in items]
        return Response(orjson.dumps({"answers": body}), 207, media_type=JSON)

    async def unknown(self, request: Request) -> Response:
        """A task that no class declares."""
        self._known(request)
        raise unknown_task(request.path_params["task"])

    def _known(self, request: Request) -> Principal:
        return self.access.known(request.headers.get("authorization"))

    async def _receipt(self, command: Incoming, wait: int) -> Response:
        """202 with what the client will want next, or the outcome at once where it asked to wait for it."""
        if wait:
            try:
                status = await self.outcomes.wait(command.id, wait)
            except DatabaseDownError:
                status = None
            if status and status["status"] != "accepted":
                return Response(orjson.dumps(status), 200, {"Preference-Applied": f"wait={wait}"}, JSON)
        headers = {"Location": location(command.id), "Retry-After": "1"}
        return Response(orjson.dumps(_receipt_body(command)), 202, headers, JSON)


def location(command_id: UUID) -> str:
    """Where the status of a command is read."""
    return f"/v1/commands/{command_id}"


def wait_seconds(request: Request) -> int:
    """What ``Prefer: wait=n`` asks for, at most ``MAX_WAIT_SECONDS``; one that is not understood is ignored."""
    for preference in request.headers.get("prefer", "").replace(";", ",").split(","):
        name, _, value = preference.partition("=")
        seconds = value.strip()
        if name.strip().lower() == "wait" and seconds.isascii() and seconds.isdigit():
            return min(int(seconds[:6]), MAX_WAIT_SECONDS)
    return 0


def _hotel_of(request: Request, principal: Principal) -> str:
    hotel_id = parse_hotel_id(request.path_params["hotel_id"])
    principal.require_hotel(hotel_id)
    return hotel_id


def _parsed(principal: Principal, hotel_id: str, body: bytes) -> list[Incoming | Problem]:
    """Each item's command, or what is wrong with it. Only this outlives the body while the commands are stored."""
    return [_parsed_item(principal, hotel_id, item) for item in parse_batch(body)]


def _parsed_item(principal: Principal, hotel_id: str, item: object) -> Incoming | Problem:
    try:
        parsed, command = parse_item(item)
        principal.require(command.scope)
    except ProblemError as refused:
        return refused.problem
    return incoming(stamp(hotel_id, command, parsed.idempotency_key, parsed.expected_version, principal))


def _receipt_body(command: Incoming) -> dict[str, Any]:
    body = {"command_id": command.id, "status": "accepted", "location": location(command.id)}
    if command.task == BOOKING_TASK:
        body["reservation_id"] = command.id
    return body


def _answer(command: Incoming, answer: Answer) -> dict[str, Any]:
    if answer is not Answer.ACCEPTED:
        return _problem_answer(_refusal(answer))
    return _receipt_body(command) | {"status": 202}


def _problem_answer(problem: Problem) -> dict[str, Any]:
    return {"status": problem.status, "problem": problem_body(problem)}


def _refusal(answer: Answer) -> Problem:
    return UNKNOWN_HOTEL if answer is Answer.UNKNOWN_HOTEL else KEY_REUSED
