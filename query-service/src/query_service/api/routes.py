"""One endpoint a query. Each names its documents, and the DTO that is made of them."""

from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from query_service.api.answering import UNKNOWN_HOTEL, UNKNOWN_RESERVATION, Answering, answer
from query_service.api.parameters import (
    DatePath,
    FirstPageQuery,
    HotelPath,
    ListPath,
    MonthPath,
    PageQuery,
    ReadingQuery,
    ReservationPath,
    StayQuery,
    WindowQuery,
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

    async def hotel(self, request: Request, hotel_id: HotelPath, query: ReadingQuery) -> Response:
        """A hotel: its names, its business date, its room types."""
        found = await self.answering.find(request, hotel_id, query.min_position)
        return answer(request, (), found, partial(hotel_dto, found.hotel))

    async def reservation(
        self, request: Request, hotel_id: HotelPath, reservation_id: ReservationPath, query: ReadingQuery
    ) -> Response:
        """A reservation: what was booked, what became of it, and what can be done with it today."""
        key = reservation_key(hotel_id, reservation_id)
        found = await self.answering.find(request, hotel_id, query.min_position, "reservation", [key])
        if key not in found.others:
            raise ProblemError(UNKNOWN_RESERVATION)
        return answer(request, [key], found, partial(reservation_dto, found.others[key], found.hotel))

    async def availability(self, request: Request, hotel_id: HotelPath, query: WindowQuery) -> Response:
        """What can be sold, per room type and night of a window."""
        first, until = query.from_date, query.to_date
        keys = [month_key(hotel_id, month) for month in months_of(first, until)]
        found = await self.answering.find(request, hotel_id, query.min_position, "availability", keys)
        return answer(request, keys, found, partial(availability_dto, found.hotel, found.others, first, until))

    async def stay(self, request: Request, hotel_id: HotelPath, query: StayQuery) -> Response:
        """What is left for one stay, per room type, and which of its nights are full."""
        first, until = query.arrival, query.departure
        keys = [month_key(hotel_id, month) for month in months_of(first, until)]
        found = await self.answering.find(request, hotel_id, query.min_position, "availability", keys)
        dto = partial(stay_availability_dto, found.hotel, found.others, first, until, query.guests)
        return answer(request, keys, found, dto)

    async def front_desk(
        self, request: Request, hotel_id: HotelPath, date: DatePath, query: FirstPageQuery
    ) -> Response:
        """One date at the front desk: totals, and the first page of who arrives, leaves and is in house."""
        keys = [list_key(hotel_id, date, which) for which in LISTS]
        found = await self.answering.find(request, hotel_id, query.min_position, "front_desk", keys)
        dto = partial(front_desk_dto, hotel_id, found.position, date, found.others, query.limit)
        return answer(request, keys, found, dto)

    async def front_desk_list(
        self, request: Request, hotel_id: HotelPath, date: DatePath, which: ListPath, query: PageQuery
    ) -> Response:
        """A page of one of the lists of a date."""
        key = list_key(hotel_id, date, which)
        found = await self.answering.find(request, hotel_id, query.min_position, "front_desk", [key])
        dto = partial(front_desk_list_dto, hotel_id, found.position, date, found.others.get(key))
        return answer(request, [key], found, partial(dto, after=query.key, limit=query.limit))

    async def room_rack(self, request: Request, hotel_id: HotelPath, query: PageQuery) -> Response:
        """A page of rooms by number: who lives there, and for whom they are kept."""
        found = await self.answering.find(request, hotel_id, query.min_position, "room_rack", [hotel_id])
        if hotel_id not in found.others:
            raise ProblemError(UNKNOWN_HOTEL)
        dto = partial(rack_dto, found.others[hotel_id], query.key, query.limit)
        return answer(request, [hotel_id], found, dto)

    async def statistics(
        self, request: Request, hotel_id: HotelPath, month: MonthPath, query: ReadingQuery
    ) -> Response:
        """One month in figures, in all and night by night."""
        key = statistics_key(hotel_id, month)
        found = await self.answering.find(request, hotel_id, query.min_position, "statistics", [key])
        return answer(request, [key], found, partial(statistics_dto, found.hotel, month, found.others.get(key)))
