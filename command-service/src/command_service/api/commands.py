"""The routes of commands: one for each class, built from it, and one for an ordered body of many."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response

from command_service.acceptance import Acceptance, Answer, BusyError
from command_service.api.bodies import read_body
from command_service.api.outcomes import Outcomes
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
from shared_contracts.envelope import CommandEnvelope
from shared_contracts.reservations import BookRoom
from shared_contracts.transport.access import Access
from shared_contracts.transport.problems import Problem, ProblemError, problem_body

JSON: Final = "application/json"
BUSY: Final = Problem(
    503,
    "not_accepted",
    "Not accepted now",
    "Nothing is known to be stored; send it again with the same Idempotency-Key.",
    retry_after=RETRY_AFTER_SECONDS,
)
KEY_REUSED: Final = Problem(422, "idempotency_key_reused", "This Idempotency-Key came before, with another command")

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class CommandRoutes:
    """Endpoints over acceptance and outcomes."""

    acceptance: Acceptance
    outcomes: Outcomes
    access: Access

    def one(self, task: str) -> Endpoint:
        """The endpoint of one task."""
        scope = COMMANDS[task].scope

        async def endpoint(request: Request) -> Response:
            hotel_id = parse_hotel_id(request.path_params["hotel_id"])
            principal = self.access.principal(request.headers.get("authorization"), scope, hotel_id)
            key = parse_key(request.headers.get("idempotency-key"))
            expected = parse_expected_version(request.headers.get("if-match"))
            command = parse_command(task, await read_body(request, MAX_BODY_BYTES))
            envelope = stamp(hotel_id, command, key, expected, principal)
            [answer] = await self._accept([envelope])
            if answer is not Answer.ACCEPTED:
                raise ProblemError(_refusal(answer))
            return await self._receipt(envelope, wait_seconds(request))

        return endpoint

    async def many(self, request: Request) -> Response:
        """Up to 500 commands in order, one commit, an answer for each: 202 or its problem."""
        hotel_id = parse_hotel_id(request.path_params["hotel_id"])
        items = parse_batch(await read_body(request, MAX_BATCH_BODY_BYTES))
        answers: list[dict[str, Any] | None] = []
        envelopes: list[CommandEnvelope] = []
        for item in items:
            try:
                envelopes.append(self._envelope(request, hotel_id, item))
                answers.append(None)
            except ProblemError as refused:
                answers.append(_problem_answer(refused.problem))
        accepted = iter(zip(envelopes, await self._accept(envelopes) if envelopes else [], strict=True))
        body = [answer or _answer(*next(accepted)) for answer in answers]
        return Response(orjson.dumps({"answers": body}), 207, media_type=JSON)

    async def unknown(self, request: Request) -> Response:
        """A task that no class declares."""
        raise unknown_task(request.path_params["task"])

    def _envelope(self, request: Request, hotel_id: str, item: object) -> CommandEnvelope:
        parsed, command = parse_item(item)
        principal = self.access.principal(request.headers.get("authorization"), command.scope, hotel_id)
        return stamp(hotel_id, command, parsed.idempotency_key, parsed.expected_version, principal)

    async def _accept(self, envelopes: list[CommandEnvelope]) -> list[Answer]:
        try:
            return await self.acceptance.accept(envelopes)
        except BusyError:
            raise ProblemError(BUSY) from None

    async def _receipt(self, envelope: CommandEnvelope, wait: int) -> Response:
        """202 with what the client will want next, or the outcome at once where it asked to wait for it."""
        if wait:
            try:
                status = await self.outcomes.wait(envelope.id, wait)
            except DatabaseDownError:
                status = None
            if status and status["status"] != "accepted":
                return Response(orjson.dumps(status), 200, {"Preference-Applied": f"wait={wait}"}, JSON)
        headers = {"Location": location(envelope.id), "Retry-After": "1"}
        return Response(orjson.dumps(_receipt_body(envelope)), 202, headers, JSON)


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


def _receipt_body(envelope: CommandEnvelope) -> dict[str, Any]:
    body = {"command_id": envelope.id, "status": "accepted", "location": location(envelope.id)}
    if isinstance(envelope.body, BookRoom):
        body["reservation_id"] = envelope.id
    return body


def _answer(envelope: CommandEnvelope, answer: Answer) -> dict[str, Any]:
    if answer is not Answer.ACCEPTED:
        return _problem_answer(_refusal(answer))
    return _receipt_body(envelope) | {"status": 202}


def _problem_answer(problem: Problem) -> dict[str, Any]:
    return {"status": problem.status, "problem": problem_body(problem)}


def _refusal(answer: Answer) -> Problem:
    return UNKNOWN_HOTEL if answer is Answer.UNKNOWN_HOTEL else KEY_REUSED
