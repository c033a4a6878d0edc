"""``python -m benchmarks.crud PORT``: the service, as one of Innkeep's own APIs is run; its database by environment."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
import uvicorn
from fastapi import FastAPI

from benchmarks.crud.bookings import book_room
from benchmarks.crud.questions import arrivals, availability, reservation, statistics

POOL: Final = 16


def build_app(url: str) -> FastAPI:
    """The routes have the addresses of Innkeep's, so that both get the same requests."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        settings = {"search_path": "crud"}
        async with asyncpg.create_pool(url, min_size=POOL, max_size=POOL, server_settings=settings) as pool:
            app.state.pool = pool
            yield

    app = FastAPI(lifespan=lifespan)
    app.post("/v1/hotels/{hotel_id}/commands/book-room")(book_room)
    app.get("/v1/hotels/{hotel_id}/reservations/{reservation_id}")(reservation)
    app.get("/v1/hotels/{hotel_id}/availability")(availability)
    app.get("/v1/hotels/{hotel_id}/front-desk/{day}/arrivals")(arrivals)
    app.get("/v1/hotels/{hotel_id}/statistics/{month}")(statistics)
    return app


if __name__ == "__main__":
    uvicorn.run(
        build_app(os.environ["CRUD_POSTGRES"]),
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
