"""What any release wrote is read by this one; and what this one changes of a message is allowed."""

import copy
from collections.abc import Iterator
from importlib.metadata import version as installed
from typing import Any

import orjson
import pytest

from shared_contracts.catalog import COMMANDS, EVENTS
from shared_contracts.envelope import (
    CommandEnvelope,
    EventEnvelope,
    UnreadableMessageError,
    decode_command,
    decode_event,
    encode_command,
    encode_event,
)
from shared_contracts.message import task_of
from versions.folder import Version, versions
from versions.shapes import forbidden_changes, shapes_now
from versions.variants import lacking, one_of_each

ALL = versions()
NEWEST = ALL[-1]
NOW = shapes_now()


def named(message: bytes) -> str:
    return str(orjson.loads(message)["type"])


def every(kind: str) -> list[Any]:
    """The messages of every release."""
    return [
        pytest.param(message, id=f"{version.name}-{named(message)}-{number}")
        for version in ALL
        for number, message in enumerate(getattr(version, kind), 1)
    ]


def now(envelope: EventEnvelope | CommandEnvelope) -> bytes:
    """As the code of today writes it."""
    return encode_event(envelope) if isinstance(envelope, EventEnvelope) else encode_command(envelope)


@pytest.mark.parametrize("version", ALL, ids=lambda version: version.name)
def test_nothing_that_a_release_wrote_was_changed_since(version: Version) -> None:
    assert version.altered() == [], "put it back: git checkout; a change belongs in the next release's folder"


@pytest.mark.parametrize("version", ALL, ids=lambda version: version.name)
def test_a_release_shows_each_of_its_messages_in_every_variant(version: Version) -> None:
    assert lacking(version.commands, version.shapes["commands"]) == []
    assert lacking(version.events, version.shapes["events"]) == []
    types = {*map(named, version.commands), *map(named, version.events)}
    assert types == {*version.shapes["commands"], *version.shapes["events"]}
    in_streams = {named(message) for stream in version.streams.values() for message in stream}
    assert in_streams == set(version.shapes["events"])


def test_this_release_is_frozen() -> None:
    release = installed("innkeep-shared-contracts")
    assert NEWEST.name == release, f"run: PYTHONPATH=tests-integration python -m versions freeze {release}"


def test_no_message_has_changed_without_a_version() -> None:
    found = [str(change) for version in ALL for change in forbidden_changes(version.shapes, NOW)]
    assert found == [], "\n".join(["", *dict.fromkeys(found)])


@pytest.mark.parametrize("message", every("events"))
def test_an_event_of_any_release_is_read(message: bytes) -> None:
    envelope = decode_event(message)
    assert decode_event(now(envelope)) == envelope
    if orjson.loads(message)["version"] == envelope.body.version:
        assert now(envelope) == message


@pytest.mark.parametrize("message", every("commands"))
def test_a_command_of_any_release_is_read(message: bytes) -> None:
    envelope = decode_command(message)
    assert decode_command(now(envelope)) == envelope
    written, frozen = orjson.loads(now(envelope)), orjson.loads(message)
    assert written | {"body": {}} == frozen | {"body": {}}
    assert written["body"].items() >= _given_in_full(frozen["body"], written["body"]).items()


def _given_in_full(frozen: dict[str, Any], written: dict[str, Any]) -> dict[str, Any]:
    """What the client said, with what this code adds inside of it."""
    return {name: {**written[name], **value} if isinstance(value, dict) else value for name, value in frozen.items()}


@pytest.mark.parametrize("version", ALL, ids=lambda version: version.name)
def test_every_stream_of_any_release_is_read_to_its_end(version: Version) -> None:
    for hotel, stream in version.streams.items():
        read = [decode_event(message) for message in stream]
        assert [(event.hotel_id, event.position) for event in read] == [(hotel, n) for n in range(1, len(read) + 1)]


def decode(message: dict[str, Any]) -> EventEnvelope | CommandEnvelope:
    return (decode_event if "position" in message else decode_command)(orjson.dumps(message))


def of_today(message: bytes) -> dict[str, Any]:
    """The message as this code writes it."""
    frozen = orjson.loads(message)
    written: dict[str, Any] = orjson.loads(now(decode(frozen)))
    return written


MESSAGES = [*every("events"), *every("commands")]
EVENT_MESSAGES = every("events")
COMMAND_MESSAGES = every("commands")


@pytest.mark.parametrize("message", MESSAGES)
def test_a_field_around_the_body_that_a_newer_writer_added_is_ignored(message: bytes) -> None:
    for written in (orjson.loads(message), of_today(message)):
        assert decode({**written, "trace": "1"}) == decode(written)


@pytest.mark.parametrize("message", EVENT_MESSAGES)
def test_a_field_that_a_newer_writer_added_to_an_event_is_ignored(message: bytes) -> None:
    for written in (orjson.loads(message), of_today(message)):
        assert decode({**written, "body": {**written["body"], "loyalty_tier": "gold"}}) == decode(written)


@pytest.mark.parametrize("message", COMMAND_MESSAGES)
def test_a_command_with_a_field_that_this_code_does_not_know_is_not_read(message: bytes) -> None:
    """It asks for something that would be left undone: workers are upgraded before the API."""
    for written in (orjson.loads(message), of_today(message)):
        with pytest.raises(UnreadableMessageError, match="loyalty_tier"):
            decode({**written, "body": {**written["body"], "loyalty_tier": "gold"}})


def values_in(value: Any) -> Iterator[dict[str, Any]]:
    """The values inside of a body, at any depth."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        if isinstance(one, dict):
            yield one
        yield from values_in(one)


@pytest.mark.parametrize("message", EVENT_MESSAGES)
def test_a_field_that_was_added_to_a_value_inside_of_an_event_is_refused_but_in_a_possible_task(message: bytes) -> None:
    """A stay, a party or a room type with more in it would mean something else: such a field needs a new version."""
    written = orjson.loads(message)
    for number, value in enumerate(values_in(written["body"])):
        changed = copy.deepcopy(written)
        list(values_in(changed["body"]))[number]["extra"] = 1
        if "task" in value:
            assert decode(changed) == decode(written)
        else:
            with pytest.raises(UnreadableMessageError):
                decode(changed)


@pytest.mark.parametrize("message", MESSAGES)
def test_a_field_may_be_absent_where_it_has_a_default_and_only_there(message: bytes) -> None:
    written = of_today(message)
    kind = "events" if "position" in written else "commands"
    schema = NOW[kind][written["type"]]["schema"]
    for field in written["body"]:
        without = {**written, "body": {name: value for name, value in written["body"].items() if name != field}}
        if field in schema.get("required", []):
            with pytest.raises(UnreadableMessageError, match=field):
                decode(without)
        else:
            body = decode(without).body
            assert now(decode(without)) == now(decode(orjson.loads(now(decode(without)))))
            assert getattr(body, field) == schema["properties"][field]["default"]
    without_expectation = {name: value for name, value in written.items() if name != "expected_version"}
    assert decode(without_expectation).body == decode(written).body


@pytest.mark.parametrize("message", EVENT_MESSAGES)
def test_an_event_of_a_version_or_type_that_is_not_known_is_not_read(message: bytes) -> None:
    for written in (orjson.loads(message), of_today(message)):
        newer = EVENTS[written["type"]].version + 1
        for change in ({"version": newer}, {"version": 0}, {"version": None}, {"type": "HotelSold"}):
            with pytest.raises(UnreadableMessageError):
                decode(written | change)


@pytest.mark.parametrize("message", COMMAND_MESSAGES)
def test_a_command_of_a_type_that_is_not_known_is_not_read(message: bytes) -> None:
    for written in (orjson.loads(message), of_today(message)):
        with pytest.raises(UnreadableMessageError, match="sell-hotel"):
            decode(written | {"type": "sell-hotel"})


def changed_shapes(kind: str, name: str) -> tuple[Any, Any]:
    """Shapes of today to be changed, and those of one message in them."""
    shapes = copy.deepcopy(NOW)
    return shapes, shapes[kind][name]


def told(shapes: Any) -> str:
    return "\n".join(map(str, forbidden_changes(NOW, shapes)))


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_an_event_that_changes_without_a_version_is_told_what_to_do(name: str) -> None:
    shapes, event = changed_shapes("events", name)
    event["schema"]["properties"]["deposit"] = {"type": "integer", "default": 0}
    version = EVENTS[name].version
    assert f"`version = {version + 1}`, add the upcast ('{name}', {version})" in told(shapes)
    assert "python -m versions freeze" in told(shapes)
    event["version"] = version + 1
    assert told(shapes) == f"{name}: nothing raises version {version}. Add the upcast to shared_contracts/upcasts.py"
    del shapes["events"][name]
    assert "the event is gone" in told(shapes)


@pytest.mark.parametrize("name", [task_of(command) for command in COMMANDS.values()])
def test_a_command_may_gain_fields_with_defaults_and_nothing_else(name: str) -> None:
    shapes, command = changed_shapes("commands", name)
    command["schema"]["properties"]["note"] = {"type": "string", "default": ""}
    assert told(shapes) == ""
    command["schema"].setdefault("required", []).append("note")
    assert "note must be given now" in told(shapes)
    command["schema"]["properties"].pop(min(NOW["commands"][name]["schema"]["properties"]))
    assert "a field that clients and queues know is another" in told(shapes)
    del shapes["commands"][name]
    assert "the command is gone" in told(shapes)


def test_messages_that_show_nothing_new_are_left_out() -> None:
    assert one_of_each([*NEWEST.events, *NEWEST.events], NEWEST.shapes["events"]) == one_of_each(
        NEWEST.events, NEWEST.shapes["events"]
    )
