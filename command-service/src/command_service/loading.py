"""Reading, for one batch, what its commands need: the hotels under their locks, then a few reads set by set."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final, cast
from uuid import UUID

import asyncpg
from immutables import Map

from command_service.batch import Standing
from command_service.database import Connection
from command_service.domain.hotel import NOT_OPENED, Hotel
from command_service.domain.house import House
from command_service.domain.inventory import NightCount, TypeNight
from command_service.domain.needs import needs, night_keys, room_of
from command_service.domain.reservation import Reservation
from command_service.domain.room import RoomSpan
from command_service.queries import queries
from command_service.stored_states import read_definition, read_reservation
from shared_contracts.envelope import CommandEnvelope

SQL: Final = queries("deciding")


@dataclass(slots=True)
class _Wanted:
    """The keys that one hotel's part of a batch reads."""

    reservations: set[UUID] = field(default_factory=set)
    nights: set[TypeNight] = field(default_factory=set)
    rooms: set[str] = field(default_factory=set)
    due_by: date | None = None
    closes: int = 0


async def load(connection: Connection, commands: Sequence[CommandEnvelope]) -> tuple[dict[str, Standing], set[UUID]]:
    """Lock the hotels of the batch and read what it needs; also which of its commands have an outcome already.

    Inside the caller's transaction, READ COMMITTED: every read after the lock sees what the last holder committed.
    """
    hotels = await connection.fetch(SQL["lock_hotels"], sorted({c.hotel_id for c in commands}))
    rows = await connection.fetch(SQL["decided"], [c.id for c in commands])
    done = {cast("UUID", row["command_id"]) for row in rows}
    wanted = _wanted(c for c in commands if c.id not in done)
    reservations = await _reservations(connection, hotels, wanted)
    for hotel_id, of_hotel in reservations.items():
        for reservation, _ in of_hotel.values():
            wanted[hotel_id].nights.update(night_keys(reservation.booking))
            if room := room_of(reservation):
                wanted[hotel_id].rooms.add(room)
    counts = await _inventory(connection, wanted)
    calendars = await _calendars(connection, wanted)
    standings: dict[str, Standing] = {}
    for row in hotels:
        hotel_id = row["hotel_id"]
        versions = Map({key: position for key, (_, position) in reservations.get(hotel_id, {}).items()})
        house = House(
            hotel=_hotel(row),
            reservations=Map({key: state for key, (state, _) in reservations.get(hotel_id, {}).items()}),
            inventory=Map(counts.get(hotel_id, {})),
            calendars=Map({room: tuple(spans) for room, spans in calendars.get(hotel_id, {}).items()}),
        )
        standings[hotel_id] = Standing(house, row["position"], versions)
    return standings, done


def _wanted(commands: Iterable[CommandEnvelope]) -> dict[str, _Wanted]:
    wanted: dict[str, _Wanted] = {}
    for envelope in commands:
        of_hotel = wanted.setdefault(envelope.hotel_id, _Wanted())
        need = needs(envelope.body)
        of_hotel.nights.update(need.nights)
        if need.reservation_id is not None:
            of_hotel.reservations.add(need.reservation_id)
        if need.room is not None:
            of_hotel.rooms.add(need.room)
        if need.due_by is not None:
            of_hotel.due_by = max(need.due_by, of_hotel.due_by or need.due_by)
            of_hotel.closes += 1
    return wanted


def _hotel(row: asyncpg.Record) -> Hotel:
    if row["definition"] is None:
        return NOT_OPENED
    return replace(read_definition(row["definition"]), business_date=row["business_date"])


async def _reservations(
    connection: Connection, hotels: Sequence[asyncpg.Record], wanted: dict[str, _Wanted]
) -> dict[str, dict[UUID, tuple[Reservation, int]]]:
    keys = [(hotel, key) for hotel, of_hotel in wanted.items() for key in of_hotel.reservations]
    due = [
        (row["hotel_id"], min(of_hotel.due_by, row["business_date"] + timedelta(days=of_hotel.closes)))
        for row in hotels
        if (of_hotel := wanted.get(row["hotel_id"])) and of_hotel.due_by and row["business_date"]
    ]
    rows = await _fetch(connection, "reservations", keys) + await _fetch(connection, "due", due)
    found: dict[str, dict[UUID, tuple[Reservation, int]]] = {}
    for row in rows:
        reservation = read_reservation(row["status"], row["state"])
        found.setdefault(row["hotel_id"], {})[reservation.booking.id] = reservation, row["position"]
    return found


async def _inventory(connection: Connection, wanted: dict[str, _Wanted]) -> dict[str, dict[TypeNight, NightCount]]:
    keys = [(hotel, *key) for hotel, of_hotel in wanted.items() for key in of_hotel.nights]
    found: dict[str, dict[TypeNight, NightCount]] = {}
    for row in await _fetch(connection, "inventory", keys):
        count = NightCount(row["sold"], row["allowance"])
        found.setdefault(row["hotel_id"], {})[row["room_type"], row["night"]] = count
    return found


async def _calendars(connection: Connection, wanted: dict[str, _Wanted]) -> dict[str, dict[str, list[RoomSpan]]]:
    keys = [(hotel, room) for hotel, of_hotel in wanted.items() for room in of_hotel.rooms]
    found: dict[str, dict[str, list[RoomSpan]]] = {}
    for row in await _fetch(connection, "calendars", keys):
        span = RoomSpan(row["room"], row["from_date"], row["to_date"], row["reservation_id"], row["occupied"])
        found.setdefault(row["hotel_id"], {}).setdefault(span.room, []).append(span)
    return found


async def _fetch(connection: Connection, query: str, keys: Sequence[tuple[object, ...]]) -> list[asyncpg.Record]:
    if not keys:
        return []
    return await connection.fetch(SQL[query], *map(list, zip(*keys, strict=True)))
