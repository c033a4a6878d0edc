"""The FastAPI application of the command service, with its OpenAPI description built from the command classes."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter
from starlette.routing import Route

from command_service.api.commands import CommandRoutes
from command_service.api.parsing import BODIES, Batch, BatchItem
from command_service.api.reading import ReadingRoutes
from shared_contracts.catalog import COMMANDS
from shared_contracts.transport.direct_app import DirectApp
from shared_contracts.transport.problem_handlers import install
from shared_contracts.transport.problems import MEDIA_TYPE, PROBLEM_SCHEMA
from shared_contracts.transport.telemetry import NO_TELEMETRY

PREFIX: Final = "/v1/hotels/{hotel_id}/commands"
HOTEL_PARAMETER: Final = {"name": "hotel_id", "in": "path", "required": True, "schema": {"type": "string"}}
KEY_PARAMETER: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "format": "uuid"},
    "description": "Becomes the command id; the same key with the same command is answered as the first time.",
}
WAIT_PARAMETER: Final = {
    "name": "Prefer",
    "in": "header",
    "schema": {"type": "string", "examples": ["wait=10"]},
    "description": "wait=n answers with the outcome as soon as there is one, within n seconds.",
}
VERSION_PARAMETER: Final = {
    "name": "If-Match",
    "in": "header",
    "schema": {"type": "string", "examples": ['"7"']},
    "description": "Never needed: rejects with version_conflict where the reservation (for other tasks, the hotel) has "
    "an event after this position.",
}
_PROBLEM: Final[dict[str, Any]] = {"content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    400: {"description": "Not readable", **_PROBLEM},
    401: {"description": "Nobody we know", **_PROBLEM},
    403: {"description": "Not theirs to do", **_PROBLEM},
    404: {"description": "Unknown", **_PROBLEM},
    408: {"description": "Too slow", **_PROBLEM},
    413: {"description": "Too large", **_PROBLEM},
    415: {"description": "Not JSON", **_PROBLEM},
    422: {"description": "Not valid", **_PROBLEM},
    503: {"description": "Not now", **_PROBLEM},
}
_MORE_MEMBERS: Final = {
    "command_id": {
        "type": "string",
        "format": "uuid",
        "description": "With 503: send the command again with this as its Idempotency-Key.",
    },
    "command_ids": {
        "type": "array",
        "items": {"type": ["string", "null"], "format": "uuid"},
        "description": "With 503: the idempotency_key to send each item again with, in order; null for one that "
        "is not valid.",
    },
}


def build_app(commands: CommandRoutes, reading: ReadingRoutes, observation: list[Route]) -> DirectApp:
    """The application; it owns no state and starts nothing."""
    app = DirectApp(
        title="Innkeep commands",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        telemetry=NO_TELEMETRY,
    )
    install(app)
    for task, command in COMMANDS.items():
        app.add_direct_route(
            f"{PREFIX}/{task}",
            commands.one(task),
            "POST",
            status_code=202,
            name=task,
            description=command.__doc__,
            responses=PROBLEMS | {200: {"description": "The outcome, where it was waited for"}},
            openapi_extra=_operation(
                command.__name__, [HOTEL_PARAMETER, KEY_PARAMETER, VERSION_PARAMETER, WAIT_PARAMETER]
            ),
        )
    app.add_direct_route(
        PREFIX,
        commands.many,
        "POST",
        status_code=207,
        responses=PROBLEMS,
        openapi_extra=_operation("Batch", [HOTEL_PARAMETER]),
    )
    app.add_api_route(f"{PREFIX}/{{task}}", commands.unknown, methods=["POST"], include_in_schema=False)
    app.add_api_route("/v1/commands/{command_id}", reading.status, methods=["GET"], responses=PROBLEMS)
    app.add_api_route("/v1/hotels/positions", reading.positions, methods=["GET"], responses=PROBLEMS)
    app.add_api_route("/v1/hotels/{hotel_id}/events", reading.events, methods=["GET"], responses=PROBLEMS)
    app.router.routes.extend(observation)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]  # FastAPI's documented way
    return app


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with a schema for every command's body."""
    inputs: list[tuple[str, Any, TypeAdapter[Any]]] = [
        *((COMMANDS[task].__name__, "validation", adapter) for task, adapter in BODIES.items()),
        ("Batch", "validation", TypeAdapter(Batch)),
        ("BatchItem", "validation", TypeAdapter(BatchItem)),
    ]
    schemas, shared = TypeAdapter.json_schemas(inputs, ref_template="#/components/schemas/{model}")
    document = get_openapi(title=app.title, version=app.version, routes=app.routes)
    components = document.setdefault("components", {}).setdefault("schemas", {})
    components |= shared.get("$defs", {})
    components |= {name: schema for (name, _), schema in schemas.items() if name not in components}
    components["Problem"] = {**PROBLEM_SCHEMA, "properties": PROBLEM_SCHEMA["properties"] | _MORE_MEMBERS}
    return document


def _operation(schema: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"parameters": parameters, "requestBody": {"required": True, "content": content}}
