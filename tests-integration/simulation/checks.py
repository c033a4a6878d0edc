"""P1 to P5 at the end of a run, from the tables and documents alone; each breach is a sentence."""

from collections.abc import Iterator
from typing import Any

import orjson

from command_service.acceptance import Answer, incoming
from command_service.batch import Outcome, Standing, decide_all
from command_service.domain.hotel import OpenedHotel
from command_service.domain.house import House, evolve
from command_service.domain.reservation import status_of
from query_service.documents import CHECKPOINTS
from query_service.folding import fold, plan
from query_service.parking import DIVERGED_HOTELS, PARKED_HOTELS, PARKED_MESSAGES
from query_service.projections.catalog import PROJECTIONS
from shared_contracts.envelope import EventEnvelope, decode_command, decode_event
from shared_contracts.reservations import ReservationEvent
from shared_contracts.topology import UNDELIVERABLE_QUEUE
from simulation.capacity import oversold_nights, refused_while_free
from simulation.desks import Desks, envelope
from simulation.world import World


def breaches(world: World, desks: Desks) -> Iterator[str]:
    """Every promise that was broken."""
    yield from _answers(world, desks)
    yield from _outcomes(world, desks)
    yield from _parked(world)
    logs = {hotel: [decode_event(row["message"].encode()) for row in _rows(world, hotel)] for hotel in world.hotels}
    for hotel, log in logs.items():
        yield from _stream(world, hotel, log)
    yield from _documents(world, logs)


def _rows(world: World, hotel: str) -> list[dict[str, Any]]:
    of_hotel = [row for key, row in world.postgres.tables["event"].items() if key[0] == hotel]
    return sorted(of_hotel, key=lambda row: int(row["position"]))


def _answers(world: World, desks: Desks) -> Iterator[str]:
    """P1, P2: what was answered is what is stored."""
    for order, answer in desks.answers:
        stored = world.postgres.tables["command"].get(order.id)
        if answer is Answer.UNKNOWN_HOTEL:
            if order.hotel_id in world.hotels:
                yield f"V1 {order.id}: {order.hotel_id} was said to be unknown"
        elif stored is None:
            yield f"V1 {order.id} was answered {answer.value}, and is not stored"
        elif (stored["fingerprint"] == incoming(envelope(world, order)).fingerprint) != (answer is Answer.ACCEPTED):
            yield f"V1 {order.id} was answered {answer.value} for another body than is stored"


def _outcomes(world: World, desks: Desks) -> Iterator[str]:
    """P2: one outcome each, the one that was told; none of what nobody sent."""
    outcomes = world.postgres.tables["outcome"]
    for key in world.postgres.tables["command"]:
        if key not in outcomes:
            yield f"V1 {key} has no outcome"
    for key in outcomes:
        if key not in world.postgres.tables["command"]:
            yield f"V2 {key} has an outcome, and nobody sent it"
    for key, told in desks.told.items():
        if outcomes.get(key) != told:
            yield f"V1 {key} was told {told}, and is {outcomes.get(key)}"


def _parked(world: World) -> Iterator[str]:
    """P7: the planted poison has failed and is parked, and nothing else."""
    failed = {key for key, row in world.postgres.tables["outcome"].items() if row["status"] == "failed"}
    planted = {key for key in world.poison if key in world.postgres.tables["command"]}
    if failed != planted:
        yield f"V6 failed {sorted(map(str, failed))}, planted {sorted(map(str, planted))}"
    parked = list(world.postgres.tables["parked"].values())
    commands = [row["command_id"] for row in parked if row["command_id"] is not None]
    if sorted(commands) != sorted(planted):
        yield f"V6 parked commands {commands}, planted {sorted(planted)}"
    bodies = {row["body"] for row in parked if row["command_id"] is None}
    bodies |= {row["body"] for row in world.store.of(PARKED_MESSAGES).values()}
    strange = bodies - world.garbage
    missing = world.garbage - bodies
    excused = world.trace.counts["queues_lost"] or world.trace.counts["store_older"]
    if strange or (missing and not excused):
        yield f"V6 parked messages: {strange} are not planted, {missing} are not parked"
    for held in (PARKED_HOTELS, DIVERGED_HOTELS):
        if world.store.of(held):
            yield f"V6 {held}: {list(world.store.of(held).values())}"
    if world.broker.waiting(UNDELIVERABLE_QUEUE):
        yield "V6 the broker gave messages up"


def _stream(world: World, hotel: str, log: list[EventEnvelope]) -> Iterator[str]:
    """V3, V4, V5: the log is what deciding its commands gives; positions have no gap; no night is oversold."""
    if [event.position for event in log] != list(range(1, len(log) + 1)):
        yield f"V5 {hotel}: positions {[event.position for event in log]}"
        return
    row = world.postgres.tables["hotel"].get(hotel)
    if row is None or row["position"] != len(log):
        yield f"V5 {hotel}: {len(log)} events, and {row}"
        return
    yield from oversold_nights(hotel, log)
    try:
        standings = _standings(log)
    except Exception as error:  # noqa: BLE001  # a log that does not fold is a breach
        yield f"V3 {hotel}: the log does not fold: {error!r}"
        return
    yield from _decisions(world, hotel, log, standings)
    yield from _tables(world, hotel, standings[-1].house)


def _standings(log: list[EventEnvelope]) -> list[Standing]:
    """The hotel before each event, and after the last."""
    standings = [Standing(House(), 0)]
    for event in log:
        before = standings[-1]
        versions = before.versions
        if isinstance(event.body, ReservationEvent):
            versions = versions.set(event.body.reservation_id, event.position)
        standings.append(Standing(evolve(before.house, event.body), event.position, versions))
    return standings


def _decisions(world: World, hotel: str, log: list[EventEnvelope], standings: list[Standing]) -> Iterator[str]:
    """Each outcome is what the rules say to its command where it was decided; the log is all that they decided."""
    given = 0
    for key, outcome in world.postgres.tables["outcome"].items():
        if outcome["hotel_id"] != hotel or outcome["status"] == "failed":
            continue
        command = decode_command(world.postgres.tables["command"][key]["message"].encode())
        mine = [event for event in log if event.causation_id == key]
        given += len(mine)
        before = standings[mine[0].position - 1 if mine else outcome["position"]]
        again = decide_all({hotel: before}, (), [command])
        if again.events != mine:
            yield f"V3 {key}: {_named(mine)}, and the rules say {_named(again.events)} at {before.position}"
        elif _told(again.outcomes[0]) != (outcome["code"], outcome["position"], _facts(outcome)):
            yield f"V3 {key}: outcome {outcome}, and the rules say {again.outcomes[0]}"
        yield from refused_while_free(command, outcome["code"], log[: before.position])
    if given != len(log):
        yield f"V3 {hotel}: {len(log)} events, and the outcomes account for {given}"


def _told(outcome: Outcome) -> tuple[Any, int, dict[str, Any]]:
    return outcome.code, outcome.position, dict(outcome.facts)


def _facts(outcome: dict[str, Any]) -> dict[str, Any]:
    return orjson.loads(outcome["facts"]) if outcome["facts"] else {}


def _named(events: list[EventEnvelope]) -> list[str]:
    return [f"{type(event.body).__name__}@{event.position}" for event in events]


def _tables(world: World, hotel: str, house: House) -> Iterator[str]:
    """The tables are the fold of the events."""
    tables = world.postgres.tables
    stored = {key[1]: row["status"] for key, row in tables["reservation"].items() if key[0] == hotel}
    folded = {key: status_of(reservation) for key, reservation in house.reservations.items()}
    if stored != folded:
        yield f"V7 {hotel}: table reservation differs from the fold"
    counts = {key[1:]: (row["sold"], row["allowance"]) for key, row in tables["inventory"].items() if key[0] == hotel}
    if counts != {key: (count.sold, count.allowance) for key, count in house.inventory.items()}:
        yield f"V7 {hotel}: table inventory differs from the fold"
    spans = {row["reservation_id"]: row["room"] for key, row in tables["room_span"].items() if key[0] == hotel}
    if spans != {span.reservation_id: span.room for of_room in house.calendars.values() for span in of_room}:
        yield f"V7 {hotel}: table room_span differs from the fold"
    if isinstance(house.hotel, OpenedHotel) and tables["hotel"][hotel]["business_date"] != house.hotel.business_date:
        yield f"V7 {hotel}: business date"


def _plain(document: Any) -> Any:
    """With lists for every sequence: the simulated store gives back the very objects that it was given."""
    return orjson.loads(orjson.dumps(document))


def _documents(world: World, logs: dict[str, list[EventEnvelope]]) -> Iterator[str]:
    """P4, P5: every document is the fold of the events."""
    expected: dict[tuple[str, str], Any] = {}
    for hotel, log in logs.items():
        if log:
            folded = fold(plan(log), {})
            if folded.fault is not None:
                yield f"V7 {hotel}: {folded.fault}"
            expected |= folded.changed
            checkpoint = world.store.of(CHECKPOINTS).get(hotel, {"position": 0})["position"]
            if checkpoint != len(log):
                yield f"V7 {hotel}: checkpoint {checkpoint} of {len(log)}"
    for projection in PROJECTIONS:
        stored = world.store.of(projection.collection)
        right = {key: document for (name, key), document in expected.items() if name == projection.collection}
        for key in sorted(right.keys() | stored.keys()):
            if _plain(right.get(key)) != _plain(stored.get(key)):
                yield f"V7 {projection.collection} {key} differs from the fold of its events"
