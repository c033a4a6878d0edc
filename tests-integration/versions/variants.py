"""The variants of a message: which of its fields are none, true, empty - and which variants some messages show."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import orjson

Variant = tuple[str, str]
"""Where in the message, and what is there."""
NONE: Final = "none"


def possible(schema: Any, path: str = "") -> Iterator[Variant]:
    """All variants that a body of the schema may have."""
    match schema:
        case {"anyOf": [*kinds]}:
            yield path, NONE
            yield path, "some"
            for kind in kinds:
                yield from possible(kind, path)
        case {"type": "boolean"}:
            yield path, "True"
            yield path, "False"
        case {"type": "array", "items": items}:
            yield path, "filled"
            if not schema.get("minItems"):
                yield path, "empty"
            yield from possible(items, f"{path}[]")
        case {"type": "object", "properties": properties}:
            for name, inner in properties.items():
                yield from possible(inner, f"{path}/{name}")
        case _:
            return


def shown(value: Any, schema: Any, path: str = "") -> Iterator[Variant]:
    """The variants that a body has."""
    match schema:
        case {"anyOf": [*kinds]}:
            yield path, NONE if value is None else "some"
            for kind in kinds:
                if value is not None and kind != {"type": "null"}:
                    yield from shown(value, kind, path)
        case {"type": "boolean"}:
            yield path, str(value)
        case {"type": "array", "items": items}:
            yield path, "filled" if value else "empty"
            for inner in value:
                yield from shown(inner, items, f"{path}[]")
        case {"type": "object", "properties": properties}:
            for name, inner in properties.items():
                if name in value:
                    yield from shown(value[name], inner, f"{path}/{name}")
        case _:
            return


def one_of_each(messages: Iterable[bytes], shapes: Mapping[str, Any]) -> list[bytes]:
    """The first messages that show a type or a variant that none before them shows."""
    kept: list[bytes] = []
    seen: set[tuple[str, Variant]] = set()
    for message in messages:
        found = _shown_in(message, shapes)
        if not found <= seen:
            kept.append(message)
            seen |= found
    return kept


def completed(messages: Iterable[bytes], shapes: Mapping[str, Any]) -> list[bytes]:
    """The messages, and for each variant that none of them shows, one of its type that was given it by hand."""
    complete = list(messages)
    by_type = {orjson.loads(message)["type"]: message for message in reversed(complete)}
    if absent := sorted(shapes.keys() - by_type.keys()):
        raise LookupError(f"no message is a {', '.join(absent)}: let `streams` make one")
    for name, (path, what) in lacking(complete, shapes):
        message = orjson.loads(by_type[name])
        _give(message["body"], path.strip("/").split("/"), what)
        complete.append(orjson.dumps(message))
    return complete


def lacking(messages: Iterable[bytes], shapes: Mapping[str, Any]) -> list[tuple[str, Variant]]:
    """The variants that no message shows, each with its type."""
    wanted = {(name, variant) for name, shape in shapes.items() for variant in possible(shape["schema"])}
    return sorted(wanted.difference(*(_shown_in(message, shapes) for message in messages)))


def _give(body: Any, path: list[str], what: str) -> None:
    first, *rest = path
    if rest:
        inner = body[first.removesuffix("[]")]
        _give(inner[0] if first.endswith("[]") else inner, rest, what)
    else:
        body[first] = {NONE: None, "some": "2027-03-02", "empty": [], "True": True, "False": False}[what]


def _shown_in(message: bytes, shapes: Mapping[str, Any]) -> set[tuple[str, Variant]]:
    frame = orjson.loads(message)
    name = frame["type"]
    return {(name, ("", "")), *((name, variant) for variant in shown(frame["body"], shapes[name]["schema"]))}
