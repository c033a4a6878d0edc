"""A booking, written while its request waits: what is answered is final."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Header, Request, Response
from pydantic import BaseModel, Field

from benchmarks.named_sql import named_sql

SQL: Final = named_sql(Path(__file__).with_name("service.sql"))
JSON: Final = "application/json"


class Stay(BaseModel):
    """The nights from ``arrival`` until the one before ``departure``."""

    arrival: date
    departure: date


class Party(BaseModel):
    """How many come."""

    adults: int = Field(gt=0)


class Money(BaseModel):
    """An amount in minor units."""

    amount_minor: int = Field(ge=0)
    currency: str


class BookRoom(BaseModel):
    """What Innkeep's command of that name holds."""

    room_type: str
    stay: Stay
    party: Party
    nightly_price: Money
    guest_id: UUID


class NotBookedError(Exception):
    """Nothing of the transaction happens."""


async def book_room(
    request: Request, hotel_id: str, booking: BookRoom, idempotency_key: Annotated[UUID, Header()]
) -> Response:
    """201 once it stands, 200 where it stood before, 409 where there is no room."""
    try:
        async with request.app.state.pool.acquire() as session, session.transaction():
            repeated = await _book(session, hotel_id, idempotency_key, booking)
    except NotBookedError as refused:
        return Response(f'{{"title":"{refused}"}}', 409, media_type=JSON)
    body = f'{{"reservation_id":"{idempotency_key}","status":"confirmed"}}'
    return Response(body, 200 if repeated else 201, media_type=JSON)


async def _book(session: Any, hotel_id: str, id_: UUID, booking: BookRoom) -> bool:
    nights = booking.stay.arrival, booking.stay.departure
    await session.execute(SQL["add_guest"], booking.guest_id)
    added = await session.fetchval(
        SQL["add_reservation"], id_, hotel_id, booking.room_type, booking.guest_id, *nights, booking.party.adults
    )
    if added is None:
        if await session.fetchval("SELECT EXISTS (SELECT FROM reservation WHERE reservation_id = $1)", id_):
            return True
        raise NotBookedError("no such room type for so many")
    if await session.execute(SQL["sell_nights"], hotel_id, booking.room_type, *nights) == "UPDATE 0":
        raise NotBookedError("sold out")
    price = booking.nightly_price
    await session.execute(SQL["add_nights"], id_, hotel_id, *nights, price.amount_minor, price.currency)
    return False
