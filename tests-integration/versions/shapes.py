"""The shape of every message: of today's code, and what may not have become of the shapes of a release."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import TypeAdapter

from shared_contracts.catalog import COMMANDS, EVENTS
from shared_contracts.upcasts import UPCASTS

Schema = dict[str, Any]
Shapes = Mapping[str, Mapping[str, Schema]]
"""Of ``commands`` and ``events``, by name; an event's shape names its ``version``."""

WORDS_ONLY: Final = frozenset({"title", "description"})


def shapes_now() -> dict[str, dict[str, Schema]]:
    """The shapes of this code, without its words and with every definition in its place."""
    return {
        "commands": {name: {"schema": shape_of(command)} for name, command in COMMANDS.items()},
        "events": {name: {"version": event.version, "schema": shape_of(event)} for name, event in EVENTS.items()},
    }


def shape_of(message: type) -> Schema:
    """The JSON schema of a body."""
    schema = TypeAdapter(message).json_schema()
    shape: Schema = _inlined(schema, schema.get("$defs", {}))
    return shape


def _inlined(schema: Any, definitions: Mapping[str, Any]) -> Any:
    match schema:
        case {"$ref": str(name)}:
            return _inlined(definitions[name.rpartition("/")[2]], definitions)
        case dict():
            return {
                key: {name: _inlined(inner, definitions) for name, inner in value.items()}
                if key == "properties"
                else _inlined(value, definitions)
                for key, value in schema.items()
                if key != "$defs" and key not in WORDS_ONLY
            }
        case list():
            return [_inlined(inner, definitions) for inner in schema]
        case _:
            return schema


@dataclass(frozen=True, slots=True)
class Change:
    """What may not be, and what to do about it."""

    message: str
    what: str
    remedy: str

    def __str__(self) -> str:
        """As a sentence or two."""
        return f"{self.message}: {self.what}. {self.remedy}"


def forbidden_changes(frozen: Shapes, now: Shapes) -> list[Change]:
    """How the shapes of today break with those of a release; nothing where every change is one that is allowed.

    An event may change with a new version and an upcast; a command may only gain fields that have defaults.
    """
    return [*_of_events(frozen["events"], now["events"]), *_of_commands(frozen["commands"], now["commands"])]


def _of_events(frozen: Mapping[str, Schema], now: Mapping[str, Schema]) -> Iterator[Change]:
    for name, before in frozen.items():
        after = now.get(name)
        if after is None:
            yield Change(name, "the event is gone", "It is stored for good: put its class back, and its projections")
        elif after["version"] < before["version"]:
            yield Change(name, f"its version went back to {after['version']}", f"Make it at least {before['version']}")
        elif after["version"] == before["version"] and after["schema"] != before["schema"]:
            remedy = (
                f"Give the class `version = {before['version'] + 1}`, add the upcast ({name!r}, {before['version']}) "
                "to shared_contracts/upcasts.py, and let the release run `python -m versions freeze RELEASE`"
            )
            where = ", ".join(_different(before["schema"], after["schema"]))
            yield Change(name, f"its shape is another and its version the same: {where}", remedy)
        for version in range(1, after["version"] if after else 0):
            if (name, version) not in UPCASTS:
                yield Change(name, f"nothing raises version {version}", "Add the upcast to shared_contracts/upcasts.py")


def _of_commands(frozen: Mapping[str, Schema], now: Mapping[str, Schema]) -> Iterator[Change]:
    for name, before in frozen.items():
        after = now.get(name)
        if after is None:
            yield Change(name, "the command is gone", "Some may be queued still: keep its class and its decision")
            continue
        old, new = before["schema"], after["schema"]
        kept = {key: value for key, value in new["properties"].items() if key in old["properties"]}
        if kept != old["properties"]:
            where = ", ".join(_different(old["properties"], kept))
            yield Change(name, f"a field that clients and queues know is another: {where}", "Make a new command of it")
        if added := sorted(set(new.get("required", [])) - set(old.get("required", []))):
            yield Change(name, f"{', '.join(added)} must be given now", "Give it a default: queued commands lack it")


def _different(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """Where two shapes differ, by their paths."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            yield from _different(before.get(key), after.get(key), f"{path}/{key}")
    elif before != after:
        yield f"{path} was {before}, is {after}"
