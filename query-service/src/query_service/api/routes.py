"""One endpoint a query. Each names its documents, and the DTO that is made of them."""

from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from query_service.api.answering import UNKNOWN_HOTEL, UNKNOWN_RESERVATION, Answering, answer
from query_service.api.parameters import (
    OfDate,
    OfHotel,
    OfMonth,
    OfReservation,
    Page,
    PageOfList,
    Stay,
    Window,
)
from query_service.projections.availability import month_key
from query_service.projections.availability_dto import availability_dto, stay_availability_dto
from query_service.projections.front_desk import LISTS, list_key
from query_service.projections.front_desk_dto import front_desk_dto, front_desk_list_dto
from query_service.projections.hotel_dto import hotel_dto
from query_service.projections.nights import months_of
from query_service.projections.reservation import reservation_key
from query_service.projections.reservation_dto import reservation_dto
from query_service.projections.room_rack_dto import rack_dto
from query_service.projections.statistics import statistics_key
from query_service.projections.statistics_dto import statistics_dto
from shared_contracts.transport.problems import ProblemError


@dataclass(frozen=True, slots=True)
class Routes:
    """The endpoints."""

    answering: Answering

    async def hotel(self, request: Request, asked: OfHotel) -> Response:
        """A hotel: its names, its business date, its room types."""
        found = await self.answering.find(request, asked)
        return answer(request, (), found, partial(hotel_dto, found.hotel))

    async def reservation(self, request: Request, asked: OfReservation) -> Response:
        """A reservation: what was booked, what became of it, and what can be done with it today."""
        key = reservation_key(asked.hotel_id, asked.reservation_id)
        found = await self.answering.find(request, asked, "reservation", [key])
        if key not in found.others:
            raise ProblemError(UNKNOWN_RESERVATION)
        return answer(request, [key], found, partial(reservation_dto, found.others[key], found.hotel))

    async def availability(self, request: Request, asked: Window) -> Response:
        """What can be sold, per room type and night of a window."""
        first, until = asked.from_date, asked.to_date
        keys = [month_key(asked.hotel_id, month) for month in months_of(first, until)]
        found = await self.answering.find(request, asked, "availability", keys)
        return answer(request, keys, found, partial(availability_dto, found.hotel, found.others, first, until))

    async def stay(self, request: Request, asked: Stay) -> Response:
        """What is left for one stay, per room type, and which of its nights are full."""
        first, until = asked.arrival, asked.departure
        keys = [month_key(asked.hotel_id, month) for month in months_of(first, until)]
        found = await self.answering.find(request, asked, "availability", keys)
        dto = partial(stay_availability_dto, found.hotel, found.others, first, until, asked.guests)
        return answer(request, keys, found, dto)

    async def front_desk(self, request: Request, asked: OfDate) -> Response:
        """One date at the front desk: totals, and the first page of who arrives, leaves and is in house."""
        keys = [list_key(asked.hotel_id, asked.date, which) for which in LISTS]
        found = await self.answering.find(request, asked, "front_desk", keys)
        dto = partial(front_desk_dto, asked.hotel_id, found.position, asked.date, found.others, asked.limit)
        return answer(request, keys, found, dto)

    async def front_desk_list(self, request: Request, asked: PageOfList) -> Response:
        """A page of one of the lists of a date."""
        key = list_key(asked.hotel_id, asked.date, asked.which)
        found = await self.answering.find(request, asked, "front_desk", [key])
        dto = partial(front_desk_list_dto, asked.hotel_id, found.position, asked.date, found.others.get(key))
        return answer(request, [key], found, partial(dto, after=asked.key, limit=asked.limit))

    async def room_rack(self, request: Request, asked: Page) -> Response:
        """A page of rooms by number: who lives there, and for whom they are kept."""
        found = await self.answering.find(request, asked, "room_rack", [asked.hotel_id])
        if asked.hotel_id not in found.others:
            raise ProblemError(UNKNOWN_HOTEL)
        dto = partial(rack_dto, found.others[asked.hotel_id], asked.key, asked.limit)
        return answer(request, [asked.hotel_id], found, dto)

    async def statistics(self, request: Request, asked: OfMonth) -> Response:
        """One month in figures, in all and night by night."""
        key = statistics_key(asked.hotel_id, asked.month)
        found = await self.answering.find(request, asked, "statistics", [key])
        return answer(request, [key], found, partial(statistics_dto, found.hotel, asked.month, found.others.get(key)))
